#include "cuda/device/transfer.h"

#include <algorithm>

namespace alexnet::cuda {
namespace {

// Staged copies are made in pieces of about this many bytes: long enough to use the bus well, short enough to
// overlap.
constexpr size_t kPieceBytes = size_t{2} << 20;

// Steps from one run of adjacent elements to the next, outermost first.
struct Dimension {
  int64_t count, source_stride, target_stride;  // elements
};

bool reaches_directly(const CudaBackend& from, const CudaBackend& to) {
  if (from.card().index == to.card().index) return true;
  return from.peer_access() && to.peer_access() && enable_peer_access(from.card().index, to.card().index);
}

bool enable_one_way(int from, int to) {
  int granted = 0;
  use_card(from);
  check(cudaDeviceCanAccessPeer(&granted, from, to), "asking for peer access");
  if (!granted) return false;
  const cudaError_t status = cudaDeviceEnablePeerAccess(to, 0);
  if (status == cudaErrorPeerAccessAlreadyEnabled)
    cudaGetLastError();
  else
    check(status, "enabling peer access");
  return true;
}

}  // namespace

bool enable_peer_access(int one, int other) {
  return enable_one_way(one, other) && enable_one_way(other, one);
}

TransferCopy::TransferCopy(const Transfer& transfer, const CudaBackend& from, const CudaBackend& to)
    : from_(from), to_(to), direct_(reaches_directly(from, to)) {
  add_pieces(transfer);
  use_card(from.card().index);
  ready_ = make_event();
  if (!direct_) {
    staging_ = allocate_pinned(pieces_.back().staging_offset + pieces_.back().bytes());
    for (size_t i = 0; i < pieces_.size(); ++i) left_.push_back(make_event());
    use_card(to.card().index);
  }
  arrived_ = make_event();
}

// Splits a copy into rectangles of bytes; dimensions without a gap between them on either side are merged.
void TransferCopy::add_pieces(const Transfer& transfer) {
  const Tensor &x = transfer.x, &target = transfer.to;
  int64_t run = x.c();
  std::vector<Dimension> outer;  // innermost first
  for (size_t d = 3; d-- > 0;) {
    if (x.shape[d] == 1) continue;
    const Dimension next{x.shape[d], x.strides[d], target.strides[d]};
    if (outer.empty() && next.source_stride == run && next.target_stride == run)
      run *= next.count;
    else if (!outer.empty() && next.source_stride == outer.back().count * outer.back().source_stride &&
             next.target_stride == outer.back().count * outer.back().target_stride)
      outer.back().count *= next.count;
    else
      outer.push_back(next);
  }
  const size_t element = bytes_of(x.dtype);
  const std::byte* source = from_.arena() + x.offset;
  std::byte* into = to_.arena() + target.offset;
  size_t staged = 0;
  const auto add = [&](int64_t source_at, int64_t target_at, size_t width, size_t height, size_t source_pitch,
                       size_t target_pitch) {
    pieces_.push_back({source + static_cast<size_t>(source_at) * element,
                       into + static_cast<size_t>(target_at) * element, width, height, source_pitch,
                       target_pitch, staged});
    staged += width * height;
  };
  if (outer.empty()) {
    const int64_t step = direct_ ? run : static_cast<int64_t>(kPieceBytes / element);
    for (int64_t at = 0; at < run; at += step) {
      const size_t width = static_cast<size_t>(std::min(step, run - at)) * element;
      add(at, at, width, 1, width, width);
    }
    return;
  }
  const Dimension rows = outer.front();
  const size_t width = static_cast<size_t>(run) * element;
  const int64_t step = direct_ ? rows.count : std::max<int64_t>(1, static_cast<int64_t>(kPieceBytes / width));
  const Dimension none{1, 0, 0};
  const Dimension middle = outer.size() > 1 ? outer[1] : none, last = outer.size() > 2 ? outer[2] : none;
  for (int64_t i = 0; i < last.count; ++i)
    for (int64_t j = 0; j < middle.count; ++j)
      for (int64_t row = 0; row < rows.count; row += step)
        add(i * last.source_stride + j * middle.source_stride + row * rows.source_stride,
            i * last.target_stride + j * middle.target_stride + row * rows.target_stride, width,
            static_cast<size_t>(std::min(step, rows.count - row)),
            static_cast<size_t>(rows.source_stride) * element,
            static_cast<size_t>(rows.target_stride) * element);
}

std::vector<cudaStream_t> TransferCopy::streams() const {
  if (direct_) return {from_.transfers()};
  return {from_.transfers(), to_.transfers()};
}

void TransferCopy::queue() const {
  use_card(from_.card().index);
  record(ready_, from_.compute());
  wait_for(from_.transfers(), ready_);
  direct_ ? queue_directly() : queue_staged();
}

void TransferCopy::queue_directly() const {
  for (const Piece& piece : pieces_) {
    if (piece.height == 1)
      check(cudaMemcpyPeerAsync(piece.target, to_.card().index, piece.source, from_.card().index, piece.width,
                                from_.transfers()),
            "copying to another card");
    else
      check(cudaMemcpy2DAsync(piece.target, piece.target_pitch, piece.source, piece.source_pitch, piece.width,
                              piece.height, cudaMemcpyDeviceToDevice, from_.transfers()),
            "copying to another card");
  }
  record(arrived_, from_.transfers());
}

void TransferCopy::queue_staged() const {
  for (size_t i = 0; i < pieces_.size(); ++i) {
    const Piece& piece = pieces_[i];
    std::byte* staged = staging_.get() + piece.staging_offset;
    use_card(from_.card().index);
    check(cudaMemcpy2DAsync(staged, piece.width, piece.source, piece.source_pitch, piece.width, piece.height,
                            cudaMemcpyDeviceToHost, from_.transfers()),
          "copying from a card to another one by way of the host");
    record(left_[i], from_.transfers());
    use_card(to_.card().index);
    wait_for(to_.transfers(), left_[i]);
    check(cudaMemcpy2DAsync(piece.target, piece.target_pitch, staged, piece.width, piece.width, piece.height,
                            cudaMemcpyHostToDevice, to_.transfers()),
          "copying from the host to a card");
  }
  record(arrived_, to_.transfers());
}

}  // namespace alexnet::cuda
