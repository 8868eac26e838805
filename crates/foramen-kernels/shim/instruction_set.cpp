// What the processor has and libtorch may use.
#include "instruction_set.h"

#include <ATen/Version.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <string>

namespace {

// libtorch names what it found, or what ATEN_CPU_CAPABILITY says. A variable that names more
// than the processor has must not be believed.
InstructionSet find() {
#ifdef HAS_LOOPS
  const std::string libtorch = at::get_cpu_capability();
  const bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (has_avx2 && libtorch == "AVX512" && __builtin_cpu_supports("avx512f")) {
    return InstructionSet::kAvx512;
  }
  if (has_avx2 && (libtorch == "AVX2" || libtorch == "AVX512")) return InstructionSet::kAvx2;
#endif
  return InstructionSet::kNone;
}

std::atomic<InstructionSet> most{InstructionSet::kAvx512};

}  // namespace

InstructionSet instruction_set() {
  static const InstructionSet found = find();
  return std::min(found, most.load(std::memory_order_relaxed));
}

extern "C" {

void fkernels_free_message(char* text) { std::free(text); }

int fkernels_instruction_set() { return static_cast<int>(instruction_set()); }

// For tests: no loop takes a better one from here on, in any thread.
void fkernels_limit_instruction_set(int to) { most = static_cast<InstructionSet>(to); }

}  // extern "C"
