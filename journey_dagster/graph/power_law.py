"""Whether degrees follow a power law, and with which exponent.

Belongs here: the fit and its test. Does not belong here: what degrees are of.

The concept: maximum likelihood for whole numbers from a smallest one on, which is chosen so that
the fitted and the seen distribution are nearest (Kolmogorov and Smirnov); then the same is done to
samples from the fit, and where hardly any lies as far off as the data, the law is ruled out
(Clauset, Shalizi and Newman 2009).
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

FEWEST = 50
"""Numbers that the tail must hold."""

SAMPLES = 250
"""Drawn from the fit, for the test: its p-value is good to 0.03."""

_SEED = 20_090_401
_EXPONENTS = np.arange(1.02, 6.001, 0.01)
_FARTHEST = 4.0
"""Times the largest number seen up to which samples are drawn; the rest of the law is put there."""

Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Fit:
    """A power law from `smallest` on."""

    exponent: float
    smallest: int
    distance: float
    """The largest difference between the fitted and the seen distribution function."""
    n_tail: int

    @property
    def error(self) -> float:
        """Standard error of the exponent."""
        return (self.exponent - 1) / math.sqrt(self.n_tail)


def fit(numbers: Numbers) -> Fit | None:
    """The best power law for whole numbers from 1 on; None if no tail is large enough."""
    values, counts = np.unique(numbers[numbers > 0], return_counts=True)
    fits = [
        _fit_tail(values[first:], counts[first:])
        for first in range(len(values))
        if counts[first:].sum() >= FEWEST and len(values) - first > 1
    ]
    return min(fits, key=lambda each: each.distance, default=None)


def p_value(numbers: Numbers, fitted: Fit, samples: int = SAMPLES) -> float:
    """Of samples from the fit, the share that lies at least as far from its own fit.

    Args:
        numbers: what was fitted.
        fitted: the fit.
        samples: how many to draw; the seed is fixed.
    """
    rng = np.random.default_rng(_SEED)
    numbers = numbers[numbers > 0]
    body = numbers[numbers < fitted.smallest]
    law = np.arange(fitted.smallest, int(_FARTHEST * numbers.max()) + 1)
    chances = law.astype(float) ** -fitted.exponent
    chances[-1] += _zeta(np.array([fitted.exponent]), int(law[-1]) + 1)[0]
    chances /= chances.sum()
    as_far = 0
    for _ in range(samples):
        n_tail = (
            rng.binomial(len(numbers), fitted.n_tail / len(numbers)) if len(body) else len(numbers)
        )
        drawn = np.concatenate(
            [rng.choice(law, n_tail, p=chances), rng.choice(body, len(numbers) - n_tail)]
            if len(body)
            else [rng.choice(law, n_tail, p=chances)]
        )
        again = fit(drawn)
        as_far += again is not None and again.distance >= fitted.distance
    return as_far / samples


def _fit_tail(values: Numbers, counts: Numbers) -> Fit:
    """The law that makes these numbers likeliest, on a grid of exponents."""
    smallest, n_tail = int(values[0]), int(counts.sum())
    zetas = _zetas(smallest)
    likelihoods = -n_tail * np.log(zetas) - _EXPONENTS * float(counts @ np.log(values))
    best = int(np.argmax(likelihoods))
    exponent = float(_EXPONENTS[best])
    support = np.arange(smallest, int(values[-1]) + 1)
    fitted = np.cumsum(support.astype(float) ** -exponent)[values - smallest] / zetas[best]
    seen = np.cumsum(counts) / n_tail
    return Fit(exponent, smallest, float(np.abs(fitted - seen).max()), n_tail)


@lru_cache(maxsize=1024)
def _zetas(first: int) -> NDArray[np.float64]:
    return _zeta(_EXPONENTS, first)


def _zeta(exponents: NDArray[np.float64], first: int) -> NDArray[np.float64]:
    """Hurwitz's zeta: the sum of n ** -exponent over all n from `first` on (Euler, Maclaurin)."""
    upto = first + 20
    head = (np.arange(first, upto, dtype=float)[:, None] ** -exponents).sum(axis=0)
    last = float(upto)
    tail = last ** (1 - exponents) / (exponents - 1) + last**-exponents / 2
    for order, bernoulli in ((1, 1 / 6), (2, -1 / 30), (3, 1 / 42)):
        rising = np.prod([exponents + step for step in range(2 * order - 1)], axis=0)
        tail += bernoulli / math.factorial(2 * order) * rising * last ** (1 - exponents - 2 * order)
    return head + tail
