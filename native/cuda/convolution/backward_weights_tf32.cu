// The kernels for the gradient with respect to the weights, in tf32 on tensor cores.
#include "cuda/convolution/launch.cuh"

namespace alexnet::cuda {

template void launch_pass<Math::kTf32, WeightsPass>(const GemmPlan&, bool, const WeightsPass<float>::A&,
                                                    const WeightsPass<float>::B&, const Output&,
                                                    cudaStream_t);

}  // namespace alexnet::cuda
