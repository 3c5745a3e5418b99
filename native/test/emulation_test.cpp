#include "test/test.h"
TEST("nothing") { CHECK(true); }
