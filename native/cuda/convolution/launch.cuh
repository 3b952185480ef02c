// The definition of launch_pass, for the files that instantiate it.
#pragma once

#include "cuda/convolution/kernels.cuh"

namespace alexnet::cuda {

template <class A, class B, bool kScalar, class... Core>
void launch_one_of(Cores<Core...>, const GemmPlan& plan, const A& a, const B& b, const Output& output,
                   cudaStream_t stream) {
  int i = 0;
  ((i++ == plan.tile ? launch_gemm<Core, A, B, kScalar>(plan, a, b, output, stream) : void()), ...);
}

template <class A>
inline constexpr bool kAlwaysScalar = false;
template <class T>
inline constexpr bool kAlwaysScalar<SpreadWindows<T>> = true;

template <Math kMath, template <class> class Pass>
void launch_pass(const GemmPlan& plan, bool scalar, const typename Pass<NumberOf<kMath>>::A& a,
                 const typename Pass<NumberOf<kMath>>::B& b, const Output& output, cudaStream_t stream) {
  using P = Pass<NumberOf<kMath>>;
  using A = typename P::A;
  using B = typename P::B;
  if constexpr (!kAlwaysScalar<A>) {
    if (!scalar) {
      using List = typename CoresOf<kMath, Pass, false>::Type;
      return launch_one_of<A, B, false>(List{}, plan, a, b, output, stream);
    }
  }
  launch_one_of<A, B, true>(typename CoresOf<kMath, Pass, true>::Type{}, plan, a, b, output, stream);
}

}  // namespace alexnet::cuda
