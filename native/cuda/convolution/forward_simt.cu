// The kernels for the forward pass, in float32 arithmetic on float32 and on bfloat16.
#include "cuda/convolution/launch.cuh"

namespace alexnet::cuda {

template void launch_pass<Math::kSimt, ForwardPass>(const GemmPlan&, bool, const ForwardPass<float>::A&,
                                                    const ForwardPass<float>::B&, const Output&,
                                                    cudaStream_t);
template void launch_pass<Math::kSimtBfloat16, ForwardPass>(const GemmPlan&, bool,
                                                            const ForwardPass<Bfloat16>::A&,
                                                            const ForwardPass<Bfloat16>::B&, const Output&,
                                                            cudaStream_t);

}  // namespace alexnet::cuda
