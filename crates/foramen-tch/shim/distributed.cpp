// Training over several processes, by libtorch's own c10d: a TCPStore to meet at, Gloo to
// carry numbers (NCCL those of CUDA devices, where it was there to build with), and the Reducer of DistributedDataParallel to average gradients while the
// way back is still computed.
//
// libtorch's header of Gloo's process group includes headers of Gloo, which libtorch does not
// ship. What is used of them here is pointers alone, so that those of any Gloo will do.
#include <ATen/ATen.h>
#include <c10/util/Logging.h>
#include <foramen_tch/guarded.h>
#include <foramen_tch/shared_sums.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <torch/csrc/distributed/c10d/reducer.hpp>
#ifdef USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using at::Tensor;
using ProcessGroup = c10::intrusive_ptr<c10d::ProcessGroup>;
using Store = c10::intrusive_ptr<c10d::Store>;

// How often a process shows in the store that it is there, and after what time without that
// it is taken for lost.
constexpr std::chrono::milliseconds kBeat{500}, kSilence{2000};

struct Sums final : SharedSums {
  explicit Sums(ProcessGroup group) : group(std::move(group)) {}

  void add(std::vector<double>& numbers) override {
    const auto count = static_cast<int64_t>(numbers.size());
    std::vector<Tensor> list{at::from_blob(numbers.data(), {count}, at::kDouble)};
    group->allreduce(list)->wait();
  }

  ProcessGroup group;
};

// Shows in the store that this process is there, and finds out which others are not. A
// process that is waiting for others shows it too.
class Pulse {
 public:
  Pulse(Store store, int rank, int size) : store(std::move(store)), rank(rank), size(size) {
    thread = std::thread([this] { beat(); });
  }

  ~Pulse() {
    {
      std::lock_guard<std::mutex> lock(mutex);
      ended = true;
    }
    wake.notify_all();
    thread.join();
  }

  // The ranks that have gone without a word; this process has a word to say.
  std::vector<int> lost() {
    const auto beats = [&] {
      std::vector<int64_t> all;
      for (int other = 0; other < size; ++other) all.push_back(store->add(key("beat", other), 0));
      return all;
    };
    store->set(key("left", rank), std::vector<uint8_t>{1});
    const auto before = beats();
    std::this_thread::sleep_for(kSilence);
    const auto now = beats();
    std::vector<int> lost;
    for (int other = 0; other < size; ++other) {
      const bool is_silent = other != rank && before[other] == now[other];
      if (is_silent && !store->check({key("left", other)})) lost.push_back(other);
    }
    return lost;
  }

 private:
  static std::string key(const char* what, int rank) {
    return std::string(what) + '/' + std::to_string(rank);
  }

  void beat() {
    std::unique_lock<std::mutex> lock(mutex);
    try {
      while (!ended) {
        store->add(key("beat", rank), 1);
        wake.wait_for(lock, kBeat);
      }
    } catch (const std::exception&) {
      // The store is gone, and with it those who would look there.
    }
  }

  Store store;
  int rank, size;
  bool ended = false;
  std::mutex mutex;
  std::condition_variable wake;
  std::thread thread;
};

// Tensors of one kind and device, one after the other.
Tensor flatten(const std::vector<Tensor>& tensors) {
  std::vector<Tensor> flat;
  for (const Tensor& tensor : tensors) {
    TORCH_CHECK(tensor.scalar_type() == tensors.front().scalar_type(),
                "tensors of different kinds cannot be added up together");
    flat.push_back(tensor.reshape({-1}));
  }
  return at::cat(flat);
}

void unflatten(const Tensor& flat, const std::vector<Tensor>& tensors) {
  int64_t at = 0;
  for (const Tensor& tensor : tensors) {
    tensor.copy_(flat.narrow(0, at, tensor.numel()).view(tensor.sizes()));
    at += tensor.numel();
  }
}

std::vector<Tensor> detached(Tensor* const* tensors, size_t count) {
  std::vector<Tensor> list;
  list.reserve(count);
  for (size_t i = 0; i < count; ++i) list.push_back(tensors[i]->detach());
  return list;
}

}  // namespace

extern "C" {

struct ftch_group {
  ProcessGroup group;
  c10::intrusive_ptr<Sums> sums;
  Pulse pulse;
};

struct ftch_launch {
  const char* address;    // of the store
  const char* interface;  // an address of this machine that the others reach
  const char* prefix;     // of the keys in the store
  uint16_t port;
  int rank;
  int size;
  int serves;  // whether this process is to be the store's server
  int64_t timeout_ms;
};

// Meets the other processes. What goes wrong has one of two names, by which Rust tells them
// apart: the store, or the connections among the processes.
char* ftch_join(const ftch_launch* launch, int* met, ftch_group** out) {
  return guarded([&] {
    // Each try to connect would be told with a page of addresses; what matters is in what is
    // thrown. Who wants the pages asks for them by c10's own variable.
    if (std::getenv("TORCH_CPP_LOG_LEVEL") == nullptr) FLAGS_caffe2_log_level = c10::GLOG_FATAL;
    const std::chrono::milliseconds timeout(launch->timeout_ms);
    c10d::TCPStoreOptions options;
    options.port = launch->port;
    options.isServer = launch->serves != 0;
    options.timeout = timeout;
    // Whoever comes late is waited for below, where Gloo connects.
    options.waitWorkers = false;
    *met = 0;
    auto tcp = c10::make_intrusive<c10d::TCPStore>(launch->address, options);
    const auto with_prefix = [&](Store store) -> Store {
      return c10::make_intrusive<c10d::PrefixStore>(launch->prefix, std::move(store));
    };
    // Connections of their own: one that waits for a key answers nobody else.
    const Store store = with_prefix(tcp), pulse = with_prefix(tcp->clone());
    *met = 1;
    const auto gloo = c10d::ProcessGroupGloo::Options::create(timeout);
    gloo->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(launch->interface));
    auto backend =
        c10::make_intrusive<c10d::ProcessGroupGloo>(store, launch->rank, launch->size, gloo);
    auto group = c10::make_intrusive<c10d::ProcessGroup>(store, launch->rank, launch->size);
    group->setBackend(c10::DeviceType::CPU, c10d::ProcessGroup::BackendType::GLOO, backend);
    group->setDefaultBackend(c10d::ProcessGroup::BackendType::GLOO);
#ifdef USE_C10D_NCCL
    if (at::getNumGPUs() > 0) {
      const auto nccl = c10d::ProcessGroupNCCL::Options::create();
      nccl->timeout = timeout;
      group->setBackend(c10::DeviceType::CUDA, c10d::ProcessGroup::BackendType::NCCL,
                        c10::make_intrusive<c10d::ProcessGroupNCCL>(
                            c10::make_intrusive<c10d::PrefixStore>("nccl", store), launch->rank,
                            launch->size, nccl));
    }
#endif
    auto sums = c10::make_intrusive<Sums>(group);
    *out = new ftch_group{std::move(group), std::move(sums), {pulse, launch->rank, launch->size}};
  });
}

// Whether tensors of CUDA devices can be added up and handed over.
int ftch_has_nccl() {
#ifdef USE_C10D_NCCL
  return 1;
#else
  return 0;
#endif
}

// Tells which other processes are lost, `1, 3`, or nothing.
char* ftch_lost(ftch_group* group, char** out) {
  return guarded([&] {
    std::string ranks;
    for (const int rank : group->pulse.lost()) {
      ranks += (ranks.empty() ? "" : ", ") + std::to_string(rank);
    }
    *out = message(ranks.c_str());
  });
}

void ftch_leave(ftch_group* group) { delete group; }

struct ftch_sum {
  c10::intrusive_ptr<c10d::Work> work;
  std::vector<Tensor> tensors;
  Tensor flat;
  double divisor;
};

// Begins to add tensors of one kind over all processes.
char* ftch_all_reduce(ftch_group* group, size_t count, Tensor* const* tensors, double divisor,
                      ftch_sum** out) {
  return guarded([&] {
    at::NoGradGuard guard;
    auto list = detached(tensors, count);
    const Tensor flat = flatten(list);
    std::vector<Tensor> one{flat};
    auto work = group->group->allreduce(one);
    *out = new ftch_sum{std::move(work), std::move(list), flat, divisor};
  });
}

// Waits for a sum and puts it into the tensors; gives it back in any case.
char* ftch_wait(ftch_sum* sum) {
  const std::unique_ptr<ftch_sum> owned(sum);
  return guarded([&] {
    at::NoGradGuard guard;
    owned->work->wait();
    if (owned->divisor != 1) owned->flat.div_(owned->divisor);
    unflatten(owned->flat, owned->tensors);
  });
}

// Gives every process the tensors of one.
char* ftch_broadcast(ftch_group* group, size_t count, Tensor* const* tensors, int from) {
  return guarded([&] {
    at::NoGradGuard guard;
    const auto list = detached(tensors, count);
    std::vector<c10::intrusive_ptr<c10d::Work>> works;
    std::vector<Tensor> rows;
    c10d::BroadcastOptions options;
    options.rootRank = from;
    for (const Tensor& tensor : list) {
      rows.push_back(tensor.contiguous().view({-1}));
      std::vector<Tensor> one{rows.back()};
      works.push_back(group->group->broadcast(one, options));
    }
    for (size_t i = 0; i < list.size(); ++i) {
      works[i]->wait();
      if (!list[i].is_contiguous()) list[i].copy_(rows[i].view(list[i].sizes()));
    }
  });
}

char* ftch_barrier(ftch_group* group) {
  return guarded([&] {
    c10d::BarrierOptions options;
    options.device = at::Device(at::kCPU);
    group->group->barrier(options)->wait();
  });
}

// Batch norms of this thread share their sums by the group from now on, or by none.
char* ftch_share_norms(ftch_group* group) {
  return guarded([&] {
    shared_sums() = SharedSumsPointer();
    if (group != nullptr) shared_sums() = group->sums;
  });
}

// Fails when a batch norm on the way there could not share its sums.
char* ftch_check_norms(ftch_group* group) {
  return guarded([&] {
    if (!group->sums->failure.empty()) throw std::runtime_error(group->sums->failure);
  });
}

struct ftch_reducer {
  c10d::Reducer reducer;
};

// Averages the gradients of parameters over all processes whenever a way back that was
// prepared for has computed them, in buckets of so many bytes.
char* ftch_reducer_new(ftch_group* group, size_t count, Tensor* const* parameters, size_t bytes,
                       ftch_reducer** out) {
  return guarded([&] {
    std::vector<Tensor> list;
    for (size_t i = 0; i < count; ++i) list.push_back(*parameters[i]);
    auto [buckets, limits] = c10d::compute_bucket_assignment_by_size(list, {bytes});
    // The way back comes to the last parameters first.
    std::reverse(buckets.begin(), buckets.end());
    const auto limit = static_cast<int64_t>(bytes);
    *out = new ftch_reducer{c10d::Reducer(list, buckets, group->group, std::vector<bool>(count),
                                          limit, /*find_unused_parameters=*/false,
                                          /*gradient_as_bucket_view=*/false, {}, limit,
                                          /*skip_all_reduce_unused_params=*/false,
                                          /*use_python_reducer=*/false, {})};
  });
}

// The next way back averages gradients; one that is not prepared for adds to them here alone.
char* ftch_reducer_prepare(ftch_reducer* reducer) {
  return guarded([&] { reducer->reducer.prepare_for_backward({}); });
}

// What was under way when a process was lost cannot be waited for.
void ftch_reducer_free(ftch_reducer* reducer) {
  try {
    reducer->reducer.remove_autograd_hooks();
    delete reducer;
  } catch (...) {
  }
}

}  // extern "C"
