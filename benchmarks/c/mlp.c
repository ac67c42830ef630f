/* A perceptron 2-H-1 on squared loss, reference: one trajectory in each entry of a register.
 *
 * L = 1/(2 n) sum (f(x) - y)^2 with f = c + sum_j a_j s(u_j x_1 + v_j x_2 + b_j). A block of samples
 * is run forward, its hidden values kept in the first cache, then back: gradients of one neuron stay
 * in registers over the block. The factor a_j of a neuron's gradient is common to all samples and
 * multiplied in at the end.
 *
 * Compiled for one shape: -DH=hidden -DSAMPLES=n -DBLOCK=.. (divides n) -DTANH or not (ReLU).
 * A state holds the first weights row by row (u_1 v_1 u_2 v_2 ...), b, a, c. */
#include "exp.h"

#define D (4 * H + 1)
#if SAMPLES % BLOCK
#error "the block must divide the samples"
#endif

INLINE vec activation(vec z) {
#ifdef TANH
    return v_tanh(z);
#else
    return v_max(z, v_set(0.0));
#endif
}

static void step(vec *p, const double *x, const double *y, double rate) {
    vec *in = p, *bias = p + 2 * H, *out = p + 3 * H;
    vec slope[4][H], last = v_set(0.0);
    memset(slope, 0, sizeof slope);
    for (int first = 0; first < SAMPLES; first += BLOCK, x += 2 * BLOCK, y += BLOCK) {
        vec hidden[H][BLOCK], e[BLOCK];
#pragma GCC unroll 16
        for (int s = 0; s < BLOCK; s++) e[s] = p[4 * H];
        for (int j = 0; j < H; j++) {
            const vec u = in[2 * j], v = in[2 * j + 1], b = bias[j], a = out[j];
#pragma GCC unroll 16
            for (int s = 0; s < BLOCK; s++) {
                const vec z = v_fma(u, v_set(x[2 * s]), v_fma(v, v_set(x[2 * s + 1]), b));
                const vec h = activation(z);
                hidden[j][s] = h;
                e[s] = v_fma(a, h, e[s]);
            }
        }
#pragma GCC unroll 16
        for (int s = 0; s < BLOCK; s++) {
            e[s] = v_mul(v_sub(e[s], v_set(y[s])), v_set(rate));
            last = v_add(last, e[s]);
        }
        for (int j = 0; j < H; j++) {
            vec du = slope[0][j], dv = slope[1][j], db = slope[2][j], da = slope[3][j];
#pragma GCC unroll 16
            for (int s = 0; s < BLOCK; s++) {
                const vec h = hidden[j][s];
#ifdef TANH
                const vec moved = v_mul(e[s], h), inner = v_fnma(moved, h, e[s]); /* e (1 - h^2) */
                da = v_add(da, moved);
                db = v_add(db, inner);
                du = v_fma(inner, v_set(x[2 * s]), du);
                dv = v_fma(inner, v_set(x[2 * s + 1]), dv);
#else
                const mask on = v_not_le(h, v_set(0.0));
                da = v_fma(e[s], h, da);
                db = v_add_if(on, e[s], db);
                du = v_fma_if(on, e[s], v_set(x[2 * s]), du);
                dv = v_fma_if(on, e[s], v_set(x[2 * s + 1]), dv);
#endif
            }
            slope[0][j] = du, slope[1][j] = dv, slope[2][j] = db, slope[3][j] = da;
        }
    }
    for (int j = 0; j < H; j++) {
        const vec a = out[j];
        in[2 * j] = v_fnma(a, slope[0][j], in[2 * j]);
        in[2 * j + 1] = v_fnma(a, slope[1][j], in[2 * j + 1]);
        bias[j] = v_fnma(a, slope[2][j], bias[j]);
        out[j] = v_sub(a, slope[3][j]);
    }
    p[4 * H] = v_sub(p[4 * H], last);
}

/* states: D columns of n numbers, changed in place, n a multiple of the register's width;
 * x: SAMPLES rows of two, y: SAMPLES numbers. */
void run(long n, double *states, long steps, const double *x, const double *y, double eta) {
    for (long first = 0; first < n; first += W) {
        vec p[D];
        for (int k = 0; k < D; k++) p[k] = v_load(states + k * n + first);
        for (long t = 0; t < steps; t++) step(p, x, y, eta / SAMPLES);
        for (int k = 0; k < D; k++) v_store(states + k * n + first, p[k]);
    }
}
