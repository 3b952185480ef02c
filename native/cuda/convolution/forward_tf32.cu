// The kernels for the forward pass, in tf32 on tensor cores.
#include "cuda/convolution/launch.cuh"

namespace alexnet::cuda {

template void launch_pass<Math::kTf32, ForwardPass>(const GemmPlan&, bool, const ForwardPass<float>::A&,
                                                    const ForwardPass<float>::B&, const Output&,
                                                    cudaStream_t);

}  // namespace alexnet::cuda
