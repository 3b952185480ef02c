// The kernels for the gradient with respect to the input, in bfloat16 on tensor cores.
#include "cuda/convolution/launch.cuh"

namespace alexnet::cuda {

template void launch_pass<Math::kBfloat16, DataPass>(const GemmPlan&, bool, const DataPass<Bfloat16>::A&,
                                                     const DataPass<Bfloat16>::B&, const Output&,
                                                     cudaStream_t);
template void launch_pass<Math::kBfloat16, SpreadDataPass>(const GemmPlan&, bool,
                                                           const SpreadDataPass<Bfloat16>::A&,
                                                           const SpreadDataPass<Bfloat16>::B&, const Output&,
                                                           cudaStream_t);

}  // namespace alexnet::cuda
