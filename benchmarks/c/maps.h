/* One step of gradient descent, in place, for one register of states: x is an array of D registers.
 * MAP chooses the loss and D the dimension at compile time; the step size is an argument. */
#ifndef MAPS_H
#define MAPS_H
#include "simd.h"

#define PRODUCT 1  /* (x_1 ... x_D - 1)^2 / 2 */
#define SOFTPLUS 2 /* log(1 + exp(-x y)) + |x|^2 / 10 */

#if MAP == PRODUCT
/* With P_i = x_1 ... x_(i-1) and S_i = x_i ... x_D: x_i -= eta (P S - 1) P_i S_(i+1). The products
   from the right are kept, those from the left carry eta (P S - 1) along: 3 D - 2 operations. */
typedef struct { vec eta; } setting;
INLINE setting prepare(double eta) { return (setting){v_set(eta)}; }
INLINE void step(vec *x, const setting s) {
    vec right[D];
    right[D - 1] = x[D - 1];
#pragma GCC unroll 16
    for (int i = D - 2; i > 0; i--) right[i] = v_mul(x[i], right[i + 1]);
    vec left = v_mul(s.eta, v_fms(x[0], right[1], v_set(1.0)));
#pragma GCC unroll 16
    for (int i = 0; i < D - 2; i++) {
        const vec old = x[i];
        x[i] = v_fnma(left, right[i + 1], old);
        left = v_mul(left, old);
    }
    const vec old = x[D - 2];
    x[D - 2] = v_fnma(left, right[D - 1], old);
    x[D - 1] = v_fnma(left, old, x[D - 1]);
}
#elif MAP == SOFTPLUS
#include "exp.h"
/* x' = (1 - eta/5) x + t y and y' = (1 - eta/5) y + t x with t = eta / (1 + exp(x y)) */
typedef struct { vec eta, shrink; } setting;
INLINE setting prepare(double eta) { return (setting){v_set(eta), v_set(1.0 - eta / 5.0)}; }
INLINE void step_by(vec *x, const setting s, const int divide) {
    const vec d = v_one_plus_exp(v_mul(x[0], x[1]));
    const vec t = divide ? v_div(s.eta, d) : v_mul(s.eta, v_reciprocal(d));
    const vec a = v_mul(s.shrink, x[0]), b = v_mul(s.shrink, x[1]), first = x[0];
    x[0] = v_fma(t, x[1], a);
    x[1] = v_fma(t, first, b);
}
#endif
#endif
