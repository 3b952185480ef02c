// The kernels for the gradient with respect to the input, in tf32 on tensor cores.
#include "cuda/convolution/launch.cuh"

namespace alexnet::cuda {

template void launch_pass<Math::kTf32, DataPass>(const GemmPlan&, bool, const DataPass<float>::A&,
                                                 const DataPass<float>::B&, const Output&, cudaStream_t);
template void launch_pass<Math::kTf32, SpreadDataPass>(const GemmPlan&, bool, const SpreadDataPass<float>::A&,
                                                       const SpreadDataPass<float>::B&, const Output&,
                                                       cudaStream_t);

}  // namespace alexnet::cuda
