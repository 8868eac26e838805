// Which instruction set the loops run in. They are compiled for each, and what is taken is told
// when they run, so that tests can take each.
#pragma once

#include <utility>

// Loops need the vector types of GCC and clang; without loops libtorch computes everything.
#if defined(__x86_64__) && defined(__GNUC__)
#define HAS_LOOPS
#endif

enum class InstructionSet { kNone, kAvx2, kAvx512 };

// The best that the processor has, ATEN_CPU_CAPABILITY allows and a test has not ruled out.
InstructionSet instruction_set();

// Why libtorch computes, where it does: what is said of maps that loops are not for.
constexpr const char* kNoInstructionSet =
    "the processor has no AVX2, or ATEN_CPU_CAPABILITY rules it out";
constexpr const char* kNotOnCpu = "the maps are not on the CPU";
constexpr const char* kOtherFormat = "the number format is another";
constexpr const char* kOtherLayout = "the maps are not channels-last";
constexpr const char* kOtherChannels = "the number of channels is another";

#ifdef HAS_LOOPS
// Defines a function that calls the one of its name in namespace avx512 or avx2.
#define CHOOSE(LOOP)                                              \
  template <typename... Arguments>                                \
  void LOOP(Arguments&&... arguments) {                           \
    if (instruction_set() == InstructionSet::kAvx512) {           \
      avx512::LOOP(std::forward<Arguments>(arguments)...);        \
    } else {                                                      \
      avx2::LOOP(std::forward<Arguments>(arguments)...);          \
    }                                                             \
  }
#endif
