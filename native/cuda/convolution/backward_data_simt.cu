// The kernels for the gradient with respect to the input, in float32 arithmetic on float32 and on bfloat16.
#include "cuda/convolution/launch.cuh"

namespace alexnet::cuda {

template void launch_pass<Math::kSimt, DataPass>(const GemmPlan&, bool, const DataPass<float>::A&,
                                                 const DataPass<float>::B&, const Output&, cudaStream_t);
template void launch_pass<Math::kSimt, SpreadDataPass>(const GemmPlan&, bool, const SpreadDataPass<float>::A&,
                                                       const SpreadDataPass<float>::B&, const Output&,
                                                       cudaStream_t);
template void launch_pass<Math::kSimtBfloat16, DataPass>(const GemmPlan&, bool, const DataPass<Bfloat16>::A&,
                                                         const DataPass<Bfloat16>::B&, const Output&,
                                                         cudaStream_t);
template void launch_pass<Math::kSimtBfloat16, SpreadDataPass>(const GemmPlan&, bool,
                                                               const SpreadDataPass<Bfloat16>::A&,
                                                               const SpreadDataPass<Bfloat16>::B&,
                                                               const Output&, cudaStream_t);

}  // namespace alexnet::cuda
