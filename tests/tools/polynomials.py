#!/usr/bin/env python3
"""Near-minimax polynomials with binary32 coefficients, for the elementary functions.

Least squares over Chebyshev nodes, then coefficient by coefficient: round one to binary32,
hold it, fit the others again. Needs python3-mpmath; no build or test runs this, it documents where the
coefficients in runtime/core/elementary.h and templates/ops come from.

    python3 tests/tools/polynomials.py [NAME ...]
"""
import struct
import sys

from mpmath import erf, erfc, exp, expm1, log, log1p, lu_solve, matrix, mp, mpf, pi, sqrt, tanh
from mpmath import atanh, cos, sin

mp.prec = 140


def round_to_float(x):
    return mpf(struct.unpack("f", struct.pack("f", float(x)))[0])


def fit(target, powers, weight, low, high, points):
    """Coefficients c with the least sum of squares of weight(x) (target(x) - sum c[i] x^powers[i])
    over Chebyshev nodes, which is close to the least maximum."""
    nodes = [(low + high) / 2 - (high - low) / 2 * cos(pi * (i + mpf(1) / 2) / points)
             for i in range(points)]
    count = len(powers)
    normal, right = matrix(count, count), matrix(count, 1)
    for x in nodes:
        w, y = weight(x), target(x)
        basis = [w * x**p for p in powers]
        for i in range(count):
            right[i] += basis[i] * w * y
            for j in range(count):
                normal[i, j] += basis[i] * basis[j]
    return lu_solve(normal, right)


def fit_floats(target, powers, weight, low, high, points=100):
    """As fit, with every coefficient a binary32 number; lowest power first."""
    low, high = mpf(low), mpf(high)
    held = []
    for i in range(len(powers)):
        def rest(x, held=tuple(held)):
            return target(x) - sum(c * x**p for c, p in zip(held, powers))
        coefficients = fit(rest, powers[i:], weight, low, high, points)
        held.append(round_to_float(coefficients[0]))
    worst = max(abs(weight(x) * (target(x) - sum(c * x**p for c, p in zip(held, powers))))
                for x in [low + (high - low) * (i + mpf(1) / 3) / 2000 for i in range(2000)])
    return held, worst


LN2 = log(2)
# name: (target, powers, weight, low, high); the weight makes the error relative to the result
POLYNOMIALS = {
    # exp(r) = 1 + r + r^2 P(r)
    "exp": (lambda r: (expm1(r) - r) / r**2, range(6), lambda r: r**2 / expm1(r),
            "-0.3467", "0.3467"),
    # 2^r = 1 + r P(r)
    "exp2": (lambda r: expm1(r * LN2) / r, range(7), lambda r: r, "-0.5001", "0.5001"),
    # log(1 + f) = f + f^2 (-1/2 + f P(f))
    "log": (lambda f: (log1p(f) - f + f**2 / 2) / f**3, range(9), lambda f: f**3 / log1p(f),
            "-0.2929", "0.4143"),
    # log2(1 + f) = f log2(e) + f^2 P(f)
    "log2": (lambda f: (log1p(f) - f) / (f**2 * LN2), range(10), lambda f: f**2 * LN2 / log1p(f),
             "-0.2929", "0.4143"),
    # tanh(x) = x + x z P(z), z = x^2
    "tanh": (lambda z: (tanh(sqrt(z)) / sqrt(z) - 1) / z, range(6),
             lambda z: z * sqrt(z) / tanh(sqrt(z)), "1e-6", "0.4226"),
    # erf(x) = x + x P(z), z = x^2
    "erf": (lambda z: erf(sqrt(z)) / sqrt(z) - 1, range(8), lambda z: sqrt(z) / erf(sqrt(z)),
            "1e-6", "1.001"),
    # erf(x) = 1 - exp(x P(x))
    "erfc": (lambda x: log(erfc(x)) / x, range(8), lambda x: x * erfc(x) / erf(x), "0.998", "3.93"),
    # sin(r) = r + r z P(z), z = r^2
    "sin": (lambda z: (sin(sqrt(z)) / sqrt(z) - 1) / z, range(4),
            lambda z: z * sqrt(z) / sin(sqrt(z)), "1e-6", "0.6170"),
    # cos(r) = 1 - z/2 + z^2 P(z), z = r^2
    "cos": (lambda z: (cos(sqrt(z)) - 1 + z / 2) / z**2, range(4), lambda z: z**2, "1e-6",
            "0.6170"),
    # log2(m) = s (C0 + z (C1 + z P(z))), s = (m - 1) / (m + 1), z = s^2
    "pow": (lambda z: (2 / LN2 * (atanh(sqrt(z)) / sqrt(z) - 1) - 2 / LN2 / 3 * z) / z**2, range(4),
            lambda z: z**2 * LN2 / 2, "1e-6", "0.02945"),
}


def main():
    for name in sys.argv[1:] or POLYNOMIALS:
        target, powers, weight, low, high = POLYNOMIALS[name]
        coefficients, worst = fit_floats(target, list(powers), weight, low, high)
        print(f"{name} on [{low}, {high}]: error 2^{float(log(worst) / log(2)):.1f}")
        for c in coefficients:
            print(f"    {float(c).hex()}")


if __name__ == "__main__":
    main()
