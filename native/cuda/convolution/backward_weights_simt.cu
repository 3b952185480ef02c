// The kernels for the gradient with respect to the weights, in float32 arithmetic on float32 and on bfloat16.
#include "cuda/convolution/launch.cuh"

namespace alexnet::cuda {

template void launch_pass<Math::kSimt, WeightsPass>(const GemmPlan&, bool, const WeightsPass<float>::A&,
                                                    const WeightsPass<float>::B&, const Output&,
                                                    cudaStream_t);
template void launch_pass<Math::kSimtBfloat16, WeightsPass>(const GemmPlan&, bool,
                                                            const WeightsPass<Bfloat16>::A&,
                                                            const WeightsPass<Bfloat16>::B&, const Output&,
                                                            cudaStream_t);

}  // namespace alexnet::cuda
