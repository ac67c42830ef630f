/* The reference: trajectories in registers, a whole tile of them in flight.
 *
 * Trajectories of the same age stand on the same floor, in an array of columns. A floor takes a
 * tile of UNITS registers, advances it by the floor's block of steps without looking, tests once at
 * the end, and moves those that go on to the floor above, packed. Blocks are short for young
 * trajectories and long for old ones; the blocks of all floors add up to the most steps allowed, so
 * that who leaves the highest floor has run out of time. Who stopped inside a block waits, as it was
 * before the block, in the queue of its floor; a full tile of those is replayed with a test after
 * every step, which gives the exact count.
 *
 * Compiled for one loss and dimension: -DMAP=... -DD=... -DUNITS=... */
#include <stdlib.h>
#include "maps.h"

#ifndef UNITS
#define UNITS 8
#endif
#ifndef ABREAST
#define ABREAST 4 /* registers replayed together */
#endif
#define LANES (UNITS * W)
#define COLUMNS (D + 1) /* coordinates, and the number of the trajectory */
#define ROOM (2 * LANES + ABREAST * W)

enum { FAR = 1, STILL = 2, TIME = 3 };

typedef struct {
    long count;
    double column[COLUMNS][ROOM] __attribute__((aligned(64)));
} stack;

typedef struct {
    setting map;
    vec far, still; /* squares */
    int8_t *status;
    int32_t *steps;
} job;

#if MAP == SOFTPLUS
/* The divider works beside the arithmetic ports: some registers use it, the others Newton. */
#ifndef DIVIDED
#define DIVIDED 3
#endif
#define STEP(x, u, s) step_by(x, s, W < 8 || (u) % 8 < DIVIDED)
#else
#define STEP(x, u, s) step(x, s)
#endif

INLINE void tests(const vec *x, const vec *before, const job *j, mask *far, mask *still) {
    vec square = v_mul(x[0], x[0]), delta = v_sub(x[0], before[0]), moved = v_mul(delta, delta);
    for (int i = 1; i < D; i++) {
        square = v_fma(x[i], x[i], square);
        delta = v_sub(x[i], before[i]);
        moved = v_fma(delta, delta, moved);
    }
    *far = v_not_le(square, j->far);
    *still = v_le(moved, v_fma(j->still, square, j->still));
}

/* Find the first step at which each trajectory of the queue was far or still. */
static void replay(stack *queue, const job *j, long age, int block) {
    for (long base = 0; base < queue->count; base += ABREAST * W) {
        vec x[ABREAST][D], count[ABREAST], k = v_set((double)age);
        mask waiting[ABREAST], fled[ABREAST], any = 1;
#pragma GCC unroll 16
        for (int u = 0; u < ABREAST; u++) {
            for (int i = 0; i < D; i++) x[u][i] = v_load(queue->column[i] + base + u * W);
            waiting[u] = v_first(queue->count - base - u * W);
            fled[u] = 0;
            count[u] = k;
        }
        for (int t = 0; t < block && any; t++) {
            k = v_add(k, v_set(1.0));
            any = 0;
#pragma GCC unroll 16
            for (int u = 0; u < ABREAST; u++) {
                vec before[D];
                for (int i = 0; i < D; i++) before[i] = x[u][i];
                STEP(x[u], u, j->map);
                mask far, still;
                tests(x[u], before, j, &far, &still);
                const mask now = (far | still) & waiting[u];
                fled[u] |= far & now;
                count[u] = v_pick(now, k, count[u]);
                waiting[u] &= ~now;
                any |= waiting[u];
            }
        }
        double counts[ABREAST * W];
        for (int u = 0; u < ABREAST; u++) v_store(counts + u * W, count[u]);
        for (long n = 0; n < ABREAST * W && base + n < queue->count; n++) {
            const long id = (long)queue->column[D][base + n];
            j->status[id] = fled[n / W] >> n % W & 1 ? FAR : STILL;
            j->steps[id] = (int32_t)counts[n];
        }
    }
    queue->count = 0;
}

/* Advance the last trajectories of a floor, at most a tile. */
static void advance(stack *here, stack *above, stack *queue, const job *j, long age, int block) {
    const long count = here->count < LANES ? here->count : LANES;
    const long base = here->count - count;
    vec x[UNITS][D];
#pragma GCC unroll 16
    for (int u = 0; u < UNITS; u++)
#pragma GCC unroll 16
        for (int i = 0; i < D; i++) x[u][i] = v_load(here->column[i] + base + u * W);
    const setting map = j->map;
    for (int t = 1; t < block; t++) {
#pragma GCC unroll 16
        for (int u = 0; u < UNITS; u++) STEP(x[u], u, map);
    }
#pragma GCC unroll 16
    for (int u = 0; u < UNITS; u++) {
        vec before[D];
        for (int i = 0; i < D; i++) before[i] = x[u][i];
        STEP(x[u], u, map);
        mask far, still;
        tests(x[u], before, j, &far, &still);
        const mask valid = v_first(count - u * W);
        const mask stopped = (far | still) & valid, on = valid & ~stopped;
        const vec number = v_load(here->column[D] + base + u * W);
        if (stopped) {
            for (int i = 0; i < D; i++)
                v_compress(queue->column[i] + queue->count, stopped,
                           v_load(here->column[i] + base + u * W));
            v_compress(queue->column[D] + queue->count, stopped, number);
            queue->count += __builtin_popcount(stopped);
        }
        for (int i = 0; i < D; i++) v_compress(above->column[i] + above->count, on, x[u][i]);
        v_compress(above->column[D] + above->count, on, number);
        above->count += __builtin_popcount(on);
    }
    here->count = base;
    if (queue->count >= LANES) replay(queue, j, age, block);
}

typedef struct {
    long floors;
    stack *floor, *queue; /* one more floor than blocks: who reaches it has run out of time */
    const long *age;
    const int32_t *blocks;
    job job;
} house;

/* Advance full tiles, from a floor upwards, until no floor holds one. */
static void climb(house *h, long l) {
    for (; l < h->floors && h->floor[l].count >= LANES; l++)
        advance(&h->floor[l], &h->floor[l + 1], &h->queue[l], &h->job, h->age[l], h->blocks[l]);
    stack *top = &h->floor[h->floors];
    for (long k = 0; k < top->count; k++) {
        const long id = (long)top->column[D][k];
        h->job.status[id] = TIME;
        h->job.steps[id] = (int32_t)h->age[h->floors];
    }
    top->count = 0;
}

/* starts: D columns of n numbers; blocks: lengths of the blocks, their sum is the most steps.
 * still: square of the tolerance, negative for never. Returns 0, or 1 where memory is short. */
int run(long n, const double *starts, double eta, long floors, const int32_t *blocks, double far,
        double still, int8_t *status, int32_t *steps) {
    const size_t size = sizeof(stack) * (size_t)(2 * floors + 1);
    stack *stacks = aligned_alloc(64, (size + 63) / 64 * 64);
    long *age = malloc(sizeof(long) * (size_t)(floors + 1));
    if (stacks && age) {
        memset(stacks, 0, size);
        age[0] = 0;
        for (long l = 0; l < floors; l++) age[l + 1] = age[l] + blocks[l];
        house h = {floors, stacks, stacks + floors + 1, age, blocks,
                   {prepare(eta), v_set(far), v_set(still), status, steps}};
        for (long next = 0; next < n; next += LANES) {
            const long more = n - next < LANES ? n - next : LANES;
            for (int i = 0; i < D; i++)
                memcpy(stacks->column[i], starts + i * n + next, sizeof(double) * (size_t)more);
            for (long k = 0; k < more; k++) stacks->column[D][k] = (double)(next + k);
            stacks->count = more;
            climb(&h, 0);
        }
        for (long l = 0; l < floors; l++) { /* nothing new comes: tiles that are not full */
            if (h.floor[l].count)
                advance(&h.floor[l], &h.floor[l + 1], &h.queue[l], &h.job, age[l], blocks[l]);
            climb(&h, l + 1);
            replay(&h.queue[l], &h.job, age[l], blocks[l]);
        }
        climb(&h, floors);
    }
    free(stacks);
    free(age);
    return stacks && age ? 0 : 1;
}
