// The common dimensions of operands: whatever is merged and sorted, the same elements come together.
#include "core/collapse.h"

#include <algorithm>
#include <array>

#include "test/tensors.h"

using namespace test;

namespace {

using Places = std::array<int64_t, kMaxOperands>;

/** A view without memory. */
struct Form {
  Sizes shape, strides;
  TensorView view() const {
    TensorView v;
    v.shape = shape.data();
    v.strides = strides.data();
    v.rank = static_cast<uint8_t>(shape.size());
    v.numel = product(shape);
    v.contiguous = is_contiguous(shape.data(), strides.data(), v.rank);
    return v;
  }
};

/** Where each operand's elements are, in the order of views[0]. */
std::vector<Places> walk(const std::vector<Form>& forms) {
  std::vector<Places> all;
  const Sizes& shape = forms[0].shape;
  for (int64_t i = 0; i < product(shape); i++) {
    Places places{};
    for (size_t k = 0; k < forms.size(); k++) {
      int64_t rest = i;
      for (size_t d = shape.size(), own = forms[k].shape.size(); d-- > 0;) {
        const int64_t index = rest % shape[d];
        rest /= shape[d];
        if (own == 0) continue;
        own--;
        if (forms[k].shape[own] != 1) places[k] += index * forms[k].strides[own];
      }
    }
    all.push_back(places);
  }
  return all;
}

std::vector<Places> walk(const Space& space, size_t operands) {
  std::vector<Places> all;
  int64_t n = 1;
  for (int i = 0; i < space.rank; i++) n *= space.size[i];
  for (int64_t i = 0; i < n; i++) {
    Places places{};
    int64_t rest = i;
    for (int d = space.rank; d-- > 0;) {
      for (size_t k = 0; k < operands; k++) places[k] += rest % space.size[d] * space.stride[d][k];
      rest /= space.size[d];
    }
    all.push_back(places);
  }
  return all;
}

Space collapsed(const std::vector<Form>& forms) {
  std::vector<TensorView> views;
  for (const Form& form : forms) views.push_back(form.view());
  return collapse(views.data(), static_cast<int>(views.size()));
}

}  // namespace

TEST("operands of any strides keep their elements together") {
  Random random(1);
  for (int round = 0; round < (full ? 100000 : 5000); round++) {
    const size_t rank = static_cast<size_t>(random.integer(0, 6));
    std::vector<Form> forms(static_cast<size_t>(random.integer(1, kMaxOperands)));
    Sizes shape(rank);
    for (int64_t& size : shape) size = random.integer(1, 4);
    for (size_t k = 0; k < forms.size(); k++) {
      Form& form = forms[k];
      form.shape = shape;
      if (k > 0) {
        form.shape.erase(form.shape.begin(),
                         form.shape.begin() + random.integer(0, static_cast<int64_t>(rank)));
        for (int64_t& size : form.shape)
          if (random.integer(0, 3) == 0) size = 1;
      }
      form.strides = strides_of(form.shape, kLayouts[random.integer(0, 5)]);
      for (int64_t& stride : form.strides)
        if (random.integer(0, 9) == 0) stride = k ? 0 : -stride;
    }
    const Space space = collapsed(forms);
    std::vector<Places> expected = walk(forms), got = walk(space, forms.size());
    std::sort(expected.begin(), expected.end());
    std::sort(got.begin(), got.end());
    CHECK(got == expected);
    CHECK(space.rank <= static_cast<int>(rank));
    for (int i = 0; i < space.rank; i++) CHECK(space.size[i] > 1);
    for (int i = 1; i < space.rank; i++)
      CHECK(std::abs(space.stride[i][0]) <= std::abs(space.stride[i - 1][0]));
  }
}

TEST("dense operands have one dimension, however many they had") {
  for (size_t rank = 1; rank <= 64; rank++) {
    Sizes shape(rank, 1);
    for (size_t i = 0; i < rank; i += 5) shape[i] = 2;
    const Form form{shape, strides_of(shape, Layout::dense)};
    const Space space = collapsed({form, form, form});
    CHECK_EQ(space.rank, 1);
    CHECK_EQ(space.size[0], product(shape));
    CHECK_EQ(space.stride[0][0], 1);
    CHECK_EQ(space.stride[0][2], 1);
  }
  const Form one{{1, 1, 1}, {1, 1, 1}}, number{{}, {}};
  CHECK_EQ(collapsed({one, number}).rank, 0);
  CHECK_EQ(collapsed({number}).rank, 0);
}

TEST("transposed operands that agree have one dimension, too") {
  const Sizes shape = {3, 4, 5};
  const Form form{shape, strides_of(shape, Layout::transposed)};
  const Space space = collapsed({form, form});
  CHECK_EQ(space.rank, 1);
  CHECK_EQ(space.size[0], 60);
  const Form dense{shape, strides_of(shape, Layout::dense)};
  CHECK_EQ(collapsed({dense, form}).rank, 3);
}

TEST("a broadcast row or column leaves two dimensions") {
  const Form whole{{4, 5, 6}, {30, 6, 1}};
  const Space row = collapsed({whole, {{6}, {1}}});
  CHECK_EQ(row.rank, 2);
  CHECK_EQ(row.size[0], 20);
  CHECK_EQ(row.stride[0][1], 0);
  const Space column = collapsed({whole, {{4, 1, 1}, {1, 1, 1}}});
  CHECK_EQ(column.rank, 2);
  CHECK_EQ(column.size[1], 30);
  CHECK_EQ(column.stride[1][1], 0);
}

TEST("shapes: products, broadcasting, what is row major") {
  const int64_t big = int64_t{1} << 53, half = int64_t{1} << 32;
  const auto numel = [](const Sizes& s) { return checked_numel(s.data(), static_cast<int>(s.size())); };
  CHECK_EQ(numel({}), 1);
  CHECK_EQ(numel({2, 3, 4}), 24);
  CHECK_EQ(numel({0}), 0);
  CHECK_EQ(numel({big}), big);
  CHECK_EQ(numel({big, 1, 1}), big);
  CHECK_EQ(numel({big, 2}), -1);
  CHECK_EQ(numel({half, half}), -1);  // 2^64 wraps to 0
  CHECK_EQ(numel({half, half, 7}), -1);
  CHECK_EQ(numel({INT64_MAX}), -1);
  CHECK_EQ(numel({INT64_MAX, INT64_MAX}), -1);
  CHECK_EQ(numel({half, half, 0}), 0);
  CHECK_EQ(numel({0, INT64_MAX, INT64_MAX}), 0);
  CHECK_EQ(numel({-1}), -1);
  CHECK_EQ(numel({0, -1}), -1);
  CHECK_EQ(numel({-2, -3}), -1);
  CHECK_EQ(numel({INT64_MIN}), -1);
  CHECK_EQ(numel(Sizes(64, 1)), 1);
  CHECK_EQ(numel(Sizes(64, 2)), -1);
  CHECK_EQ(numel(Sizes(53, 2)), big);

  const auto contiguous = [](const Sizes& s, const Sizes& t) {
    return is_contiguous(s.data(), t.data(), static_cast<int>(s.size()));
  };
  CHECK(contiguous({}, {}));
  CHECK(contiguous({2, 3}, {3, 1}));
  CHECK(contiguous({2, 1, 3}, {3, 77, 1}));
  CHECK(contiguous({1}, {5}));
  CHECK(contiguous({3, 0}, {9, 9}));
  CHECK(!contiguous({2, 3}, {1, 2}));
  CHECK(!contiguous({2, 3}, {6, 2}));
  CHECK(!contiguous({2, 3}, {0, 1}));
  CHECK(!contiguous({3}, {-1}));

  const auto broadcasts = [](const Sizes& from, const Sizes& to) {
    const Sizes strides(from.size(), 1);
    return broadcasts_to(Form{from, strides}.view(), to.data(), static_cast<int>(to.size()));
  };
  CHECK(broadcasts({}, {}));
  CHECK(broadcasts({}, {2, 3}));
  CHECK(broadcasts({3}, {2, 3}));
  CHECK(broadcasts({1, 3}, {2, 3}));
  CHECK(broadcasts({2, 1}, {2, 3}));
  CHECK(broadcasts({1}, {0}));
  CHECK(!broadcasts({2}, {2, 3}));
  CHECK(!broadcasts({2, 3}, {3}));
  CHECK(!broadcasts({2, 3}, {1, 3}));
  CHECK(!broadcasts({1, 1, 1}, {2, 3}));
  CHECK(!broadcasts({0}, {1}));
  CHECK(!broadcasts({2}, {}));
}
