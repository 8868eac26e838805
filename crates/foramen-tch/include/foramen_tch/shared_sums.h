// Sums over the processes that train together, as batch norm asks for them.
#pragma once

#include <ATen/core/ivalue.h>

#include <string>
#include <vector>

// What adds numbers up over processes. Kept by autograd from the way there to the way back.
struct SharedSums : torch::CustomClassHolder {
  // Every process has the same sums afterwards; all have to call it, in the same order.
  virtual void add(std::vector<double>& numbers) = 0;

  // Why the way there could not add, which asks no further then: its layers cannot fail.
  // Empty when all is well.
  std::string failure;
};

using SharedSumsPointer = c10::intrusive_ptr<SharedSums>;

// What batch norms of this thread share their sums by; null for a process that trains alone.
SharedSumsPointer& shared_sums();
