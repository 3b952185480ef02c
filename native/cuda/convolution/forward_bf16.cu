// The kernels for the forward pass, in bfloat16 on tensor cores.
#include "cuda/convolution/launch.cuh"

namespace alexnet::cuda {

template void launch_pass<Math::kBfloat16, ForwardPass>(const GemmPlan&, bool,
                                                        const ForwardPass<Bfloat16>::A&,
                                                        const ForwardPass<Bfloat16>::B&, const Output&,
                                                        cudaStream_t);

}  // namespace alexnet::cuda
