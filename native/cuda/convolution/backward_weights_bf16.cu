// The kernels for the gradient with respect to the weights, in bfloat16 on tensor cores.
#include "cuda/convolution/launch.cuh"

namespace alexnet::cuda {

template void launch_pass<Math::kBfloat16, WeightsPass>(const GemmPlan&, bool,
                                                        const WeightsPass<Bfloat16>::A&,
                                                        const WeightsPass<Bfloat16>::B&, const Output&,
                                                        cudaStream_t);

}  // namespace alexnet::cuda
