/*
 * Mersenne Twister, MT19937, as Python's random module uses it: the same seed gives the same bytes
 * here and there. Source: Matsumoto and Nishimura, ACM TOMACS 8 (1998); Python's random.seed().
 */
#include "testbed/service/service.h"

enum { SIZE = 624, SHIFT = 397 };

static void begin(uint32_t *state, uint32_t seed)
{
    state[0] = seed;
    for (uint32_t i = 1; i < SIZE; i++)
        state[i] = 1812433253u * (state[i - 1] ^ state[i - 1] >> 30) + i;
}

/* Python's way from a number of any size to a state: its 32-bit digits are a key. */
void twister_seed(struct twister *twister, uint64_t seed)
{
    const uint32_t key[] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    uint32_t *s = twister->state, i = 1, k = 0, keys = key[1] != 0 ? 2 : 1;

    begin(s, 19650218u);
    for (int n = 0; n < SIZE; n++) {
        s[i] = (s[i] ^ (s[i - 1] ^ s[i - 1] >> 30) * 1664525u) + key[k] + k;
        k = (k + 1) % keys;
        if (++i == SIZE) {
            s[0] = s[SIZE - 1];
            i = 1;
        }
    }
    for (int n = 0; n < SIZE - 1; n++) {
        s[i] = (s[i] ^ (s[i - 1] ^ s[i - 1] >> 30) * 1566083941u) - i;
        if (++i == SIZE) {
            s[0] = s[SIZE - 1];
            i = 1;
        }
    }
    s[0] = 0x80000000u;
    twister->at = SIZE;
}

static void turn(uint32_t *s)
{
    for (unsigned i = 0; i < SIZE; i++) {
        uint32_t both = (s[i] & 0x80000000u) | (s[(i + 1) % SIZE] & 0x7fffffffu);
        s[i] = s[(i + SHIFT) % SIZE] ^ both >> 1 ^ ((both & 1) != 0 ? 0x9908b0dfu : 0);
    }
}

static uint32_t next(struct twister *twister)
{
    if (twister->at == SIZE) {
        turn(twister->state);
        twister->at = 0;
    }
    uint32_t y = twister->state[twister->at++];
    y ^= y >> 11;
    y ^= y << 7 & 0x9d2c5680u;
    y ^= y << 15 & 0xefc60000u;
    return y ^ y >> 18;
}

unsigned char twister_byte(struct twister *twister)
{
    uint32_t nine; /* bits that 256 needs; what is too large is thrown away */

    do
        nine = next(twister) >> 23;
    while (nine > 255);
    return (unsigned char)nine;
}
