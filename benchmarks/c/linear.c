/* Deep linear networks, reference: one trajectory in each entry of a register, matrix products in
 * register tiles.
 *
 * L = tr((P - C S^-1) S (P - C S^-1)^T) / 2 + constant with P = W_N ... W_1 and the moments
 * S = X X^T / n and C = Y X^T / n. With B = eta (P S - C), from the last layer to the first:
 * W_i -= B (W_(i-1) ... W_1)^T, then B <- W_i^T B: 3 N - 2 products, and the step size costs nothing.
 *
 * Compiled for one shape: -DDEPTH=N -DM=width -DROWS=.. -DCOLS=.. (the tile) -DGROUPS=.. (registers
 * of trajectories advanced together). A state holds W_1 row by row, then W_2 and so on. */
#include "simd.h"

#define SIZE (M * M)
#if M % ROWS || M % COLS
#error "the tile must divide the matrix"
#endif

typedef struct {
    vec w[DEPTH][SIZE];
} network;

/* Entry (i, k) of the left factor is a[i ai + k ak], entry (k, j) of the right one b[k bk + j bj].
   c = c0 + sign * (left right), where c0 may be c itself or absent. */
INLINE void product(vec *c, const vec *c0, const vec *a, int ai, int ak, const vec *b, int bk, int bj,
                    const int minus) {
    for (int i0 = 0; i0 < M; i0 += ROWS)
        for (int j0 = 0; j0 < M; j0 += COLS) {
            vec sum[ROWS][COLS];
#pragma GCC unroll 16
            for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 16
                for (int j = 0; j < COLS; j++)
                    sum[i][j] = c0 ? c0[(i0 + i) * M + j0 + j]
                                   : v_mul(a[(i0 + i) * ai], b[(j0 + j) * bj]);
            for (int k = c0 ? 0 : 1; k < M; k++) {
                vec right[COLS];
#pragma GCC unroll 16
                for (int j = 0; j < COLS; j++) right[j] = b[k * bk + (j0 + j) * bj];
#pragma GCC unroll 16
                for (int i = 0; i < ROWS; i++) {
                    const vec left = a[(i0 + i) * ai + k * ak];
#pragma GCC unroll 16
                    for (int j = 0; j < COLS; j++)
                        sum[i][j] = minus ? v_fnma(left, right[j], sum[i][j])
                                          : v_fma(left, right[j], sum[i][j]);
                }
            }
#pragma GCC unroll 16
            for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 16
                for (int j = 0; j < COLS; j++) c[(i0 + i) * M + j0 + j] = sum[i][j];
        }
}

/* c = p S - C, the moments are the same for all trajectories */
INLINE void residual(vec *c, const vec *p, const double *second, const double *cross) {
    for (int i0 = 0; i0 < M; i0 += ROWS)
        for (int j0 = 0; j0 < M; j0 += COLS) {
            vec sum[ROWS][COLS];
#pragma GCC unroll 16
            for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 16
                for (int j = 0; j < COLS; j++) sum[i][j] = v_set(-cross[(i0 + i) * M + j0 + j]);
            for (int k = 0; k < M; k++) {
                vec right[COLS];
#pragma GCC unroll 16
                for (int j = 0; j < COLS; j++) right[j] = v_set(second[k * M + j0 + j]);
#pragma GCC unroll 16
                for (int i = 0; i < ROWS; i++) {
                    const vec left = p[(i0 + i) * M + k];
#pragma GCC unroll 16
                    for (int j = 0; j < COLS; j++) sum[i][j] = v_fma(left, right[j], sum[i][j]);
                }
            }
#pragma GCC unroll 16
            for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 16
                for (int j = 0; j < COLS; j++) c[(i0 + i) * M + j0 + j] = sum[i][j];
        }
}

INLINE void step(network *net, const double *second, const double *cross) {
    vec partial[DEPTH][SIZE]; /* partial[i] = W_(i+1) ... W_1, from i = 1 */
    vec back[2][SIZE];
    const vec *below = net->w[0];
#pragma GCC unroll 8
    for (int i = 1; i < DEPTH; i++) {
        product(partial[i], 0, net->w[i], M, 1, below, M, 1, 0);
        below = partial[i];
    }
    residual(back[0], below, second, cross);
#pragma GCC unroll 8
    for (int i = DEPTH - 1; i > 1; i--) {
        vec *b = back[(DEPTH - 1 - i) % 2], *next = back[(DEPTH - i) % 2];
        product(next, 0, net->w[i], 1, M, b, M, 1, 0);
        product(net->w[i], net->w[i], b, M, 1, partial[i - 1], 1, M, 1);
    }
    /* Both of the lowest layers change by the same residual: the second one needs the old first. */
    vec *b = back[(DEPTH - 2) % 2], second_layer[SIZE];
    for (int k = 0; k < SIZE; k++) second_layer[k] = net->w[1][k];
    product(net->w[1], net->w[1], b, M, 1, net->w[0], 1, M, 1);
    product(net->w[0], net->w[0], second_layer, 1, M, b, M, 1, 1);
}

/* states: DEPTH * SIZE columns of n numbers, changed in place; n a multiple of GROUPS * width. */
void run(long n, double *states, long steps, const double *second, const double *cross, double eta) {
    double scaled_second[SIZE], scaled_cross[SIZE];
    for (int k = 0; k < SIZE; k++) {
        scaled_second[k] = eta * second[k];
        scaled_cross[k] = eta * cross[k];
    }
    for (long first = 0; first < n; first += GROUPS * W) {
        network nets[GROUPS];
        for (int g = 0; g < GROUPS; g++)
            for (int k = 0; k < DEPTH * SIZE; k++)
                nets[g].w[k / SIZE][k % SIZE] = v_load(states + k * n + first + g * W);
        for (long t = 0; t < steps; t++) {
#pragma GCC unroll 4
            for (int g = 0; g < GROUPS; g++) step(&nets[g], scaled_second, scaled_cross);
        }
        for (int g = 0; g < GROUPS; g++)
            for (int k = 0; k < DEPTH * SIZE; k++)
                v_store(states + k * n + first + g * W, nets[g].w[k / SIZE][k % SIZE]);
    }
}
