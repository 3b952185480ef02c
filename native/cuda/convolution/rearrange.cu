// Memory traffic: x is read once (conv1, bfloat16: 0.3 MB an image) and 57 x 57 x 48 elements (0.3 MB) are
// written. In return the convolution reads 16 bytes at a time, along k and without gaps; its k grows from 11
// x 11 x 3 = 363 to 432.
#include "cuda/convolution/rearrange.h"

#include "cuda/gemm/operand.cuh"
#include "cuda/primitives/numbers.h"

namespace alexnet::cuda {
namespace {

constexpr int kThreads = 256;

// Which element of x or w a rearranged element is.
struct Blocks {
  int stride, channels;                      // before
  Divisor numbers_a_block_row, by_channels;  // stride * channels, channels

  struct Place {
    int row, column, channel;
  };
  __device__ __forceinline__ Place place(int number) const {
    const int row = numbers_a_block_row.split(number), column = by_channels.split(number);
    return {row, column, number};
  }
};

Blocks blocks_of(const Geometry& g) {
  return {static_cast<int>(g.stride), static_cast<int>(g.channels), Divisor(g.stride * g.channels),
          Divisor(g.channels)};
}

struct ImageBlocks {
  Blocks blocks;
  int64_t image_step, row_step, column_step;
  int height, width, top, left;
  Divisor packs_a_pixel, pixels_an_image, pixels_a_row, numbers_a_group;
  int count;  // packs
};

// Each thread writes 16 bytes.
template <class T>
__global__ void __launch_bounds__(kThreads) images_kernel(ImageBlocks b, const T* __restrict__ x, T* to) {
  int pack = static_cast<int>(blockIdx.x) * kThreads + static_cast<int>(threadIdx.x);
  if (pack >= b.count) return;
  Pack<T>* target = reinterpret_cast<Pack<T>*>(to) + pack;
  int column = b.packs_a_pixel.split(pack);
  const int image = b.pixels_an_image.split(column), row = b.pixels_a_row.split(column);
  const int first_row = row * b.blocks.stride - b.top, first_column = column * b.blocks.stride - b.left;
  const T* from = x + image * b.image_step;
  Pack<T> numbers;
#pragma unroll
  for (int e = 0; e < Pack<T>::kCount; ++e) {
    int number = pack * Pack<T>::kCount + e;
    const int group = b.numbers_a_group.split(number);
    const Blocks::Place place = b.blocks.place(number);
    const int i = first_row + place.row, j = first_column + place.column;
    const bool inside = static_cast<unsigned>(i) < static_cast<unsigned>(b.height) &&
                        static_cast<unsigned>(j) < static_cast<unsigned>(b.width);
    numbers.at[e] = inside
                        ? from[i * b.row_step + j * b.column_step + group * b.blocks.channels + place.channel]
                        : from_float<T>(0);
  }
  *target = numbers;
}

// The same where the pixels of an image row are adjacent and there is one group, as in conv1: a block's row
// is stride * channels adjacent elements, and a pack, which is not larger, takes its elements from one or two
// such rows.
template <class T>
__global__ void __launch_bounds__(kThreads)
    adjacent_images_kernel(ImageBlocks b, const T* __restrict__ x, T* to) {
  int pack = static_cast<int>(blockIdx.x) * kThreads + static_cast<int>(threadIdx.x);
  if (pack >= b.count) return;
  Pack<T>* target = reinterpret_cast<Pack<T>*>(to) + pack;
  int column = b.packs_a_pixel.split(pack);
  const int image = b.pixels_an_image.split(column), row = b.pixels_a_row.split(column);
  const int run = b.blocks.stride * b.blocks.channels, width = b.width * b.blocks.channels;
  int first = pack * Pack<T>::kCount;
  const int i = row * b.blocks.stride - b.top + b.blocks.numbers_a_block_row.split(first);
  const int start = column * run - b.left * b.blocks.channels;  // in the image's row
  const T* from = x + image * b.image_step + i * b.row_step + start;
  const bool here = static_cast<unsigned>(i) < static_cast<unsigned>(b.height);
  const bool below = static_cast<unsigned>(i + 1) < static_cast<unsigned>(b.height);
  Pack<T> numbers;
#pragma unroll
  for (int e = 0; e < Pack<T>::kCount; ++e) {
    const bool next = first + e >= run;
    const int at = next ? first + e - run : first + e;
    const bool inside =
        (next ? below : here) && static_cast<unsigned>(start + at) < static_cast<unsigned>(width);
    numbers.at[e] = inside ? from[(next ? b.row_step : 0) + at] : from_float<T>(0);
  }
  *target = numbers;
}

struct KernelBlocks {
  Blocks blocks;
  int window_rows, window_columns;  // before
  Divisor numbers_a_kernel, numbers_a_block, blocks_a_row;
};

// The place in its original kernel of element `i` of a rearranged kernel, or -1 past the window.
__device__ __forceinline__ int place_before(const KernelBlocks& b, int i) {
  int block = b.numbers_a_block.split(i);  // (block row, block column); i becomes the element in the block
  const int block_row = b.blocks_a_row.split(block);
  const Blocks::Place place = b.blocks.place(i);
  const int row = block_row * b.blocks.stride + place.row, column = block * b.blocks.stride + place.column;
  if (row >= b.window_rows || column >= b.window_columns) return -1;
  return (row * b.window_columns + column) * b.blocks.channels + place.channel;
}

template <class T>
__global__ void __launch_bounds__(kThreads)
    kernels_kernel(KernelBlocks b, int count, const T* __restrict__ w, T* to) {
  const int index = static_cast<int>(blockIdx.x) * kThreads + static_cast<int>(threadIdx.x);
  if (index >= count) return;
  int number = index;
  const int kernel = b.numbers_a_kernel.split(number), place = place_before(b, number);
  const int kernel_numbers = b.window_rows * b.window_columns * b.blocks.channels;
  to[index] = place < 0 ? from_float<T>(0) : w[int64_t{kernel} * kernel_numbers + place];
}

__global__ void __launch_bounds__(kThreads)
    gradient_kernel(KernelBlocks b, int count, const float* parts, int splits, int pitch, int64_t part_step,
                    float* dw) {
  const int index = static_cast<int>(blockIdx.x) * kThreads + static_cast<int>(threadIdx.x);
  if (index >= count) return;
  int number = index;
  const int kernel = b.numbers_a_kernel.split(number), place = place_before(b, number);
  if (place < 0) return;
  const float* from = parts + int64_t{kernel} * pitch + number;
  float sum = 0;
#pragma unroll 4
  for (int split = 0; split < splits; ++split) sum += from[split * part_step];
  dw[int64_t{kernel} * (b.window_rows * b.window_columns * b.blocks.channels) + place] = sum;
}

KernelBlocks kernel_blocks_of(const Geometry& g) {
  const Geometry r = rearranged(g);
  return {blocks_of(g),
          static_cast<int>(g.window_rows),
          static_cast<int>(g.window_columns),
          Divisor(r.kernel_numbers()),
          Divisor(r.channels),
          Divisor(r.window_columns)};
}

int64_t all_kernel_numbers(const Geometry& rearranged) {
  return rearranged.groups * rearranged.kernels * rearranged.kernel_numbers();
}

dim3 grid_of(int64_t count) { return dim3(static_cast<unsigned>((count + kThreads - 1) / kThreads)); }

}  // namespace

size_t rearranged_images_bytes(const Geometry& rearranged, DType dtype) {
  return static_cast<size_t>(rearranged.images * rearranged.x.image) * bytes_of(dtype);
}

size_t rearranged_kernels_bytes(const Geometry& rearranged, DType dtype) {
  return static_cast<size_t>(all_kernel_numbers(rearranged)) * bytes_of(dtype);
}

template <class T>
void rearrange_images(const Geometry& g, const T* x, T* to, cudaStream_t stream) {
  const Geometry r = rearranged(g);
  const int64_t packs_a_pixel = r.x.column / Pack<T>::kCount, count = r.inputs() * packs_a_pixel;
  ImageBlocks b{blocks_of(g),
                g.x.image,
                g.x.row,
                g.x.column,
                static_cast<int>(g.height),
                static_cast<int>(g.width),
                static_cast<int>(g.top),
                static_cast<int>(g.left),
                Divisor(packs_a_pixel),
                Divisor(r.height * r.width),
                Divisor(r.width),
                Divisor(r.channels),
                static_cast<int>(count)};
  const bool adjacent = g.groups == 1 && g.x.column == g.channels && g.stride * g.channels >= Pack<T>::kCount;
  launch(adjacent ? adjacent_images_kernel<T> : images_kernel<T>, grid_of(count), dim3(kThreads), 0, stream,
         b, x, to);
}

template <class T>
void rearrange_kernels(const Geometry& g, const T* w, T* to, cudaStream_t stream) {
  const int64_t count = all_kernel_numbers(rearranged(g));
  launch(kernels_kernel<T>, grid_of(count), dim3(kThreads), 0, stream, kernel_blocks_of(g),
         static_cast<int>(count), w, to);
}

void finish_rearranged(const Geometry& g, const float* parts, int splits, int pitch, float* dw,
                       cudaStream_t stream) {
  const int64_t count = all_kernel_numbers(rearranged(g));
  launch(gradient_kernel, grid_of(count), dim3(kThreads), 0, stream, kernel_blocks_of(g),
         static_cast<int>(count), parts, splits, pitch, g.groups * g.kernels * pitch, dw);
}

template void rearrange_images(const Geometry&, const float*, float*, cudaStream_t);
template void rearrange_images(const Geometry&, const Bfloat16*, Bfloat16*, cudaStream_t);
template void rearrange_kernels(const Geometry&, const float*, float*, cudaStream_t);
template void rearrange_kernels(const Geometry&, const Bfloat16*, Bfloat16*, cudaStream_t);

}  // namespace alexnet::cuda
