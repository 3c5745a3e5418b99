// How many processors this process may keep busy.
#pragma once
#include <string>

namespace tenon {

/**
 * Processors' worth of time that the control groups (version 1 or 2) of this process and those above them
 * allow, as a container's limit does; 0: no limit. Linux alone has them. `root` stands before the names of
 * all files.
 */
double cpu_quota(const std::string& root = "");

/** The processors that the process may run on, or as many as its quota pays for, rounded up, if those are
 * fewer. */
int available_cpus(const std::string& root = "");

/** A number of threads as text; 0 when it is no whole number from 1 to 1024. */
int parse_thread_count(const char* text);

}  // namespace tenon
