"""What an order aims at, so that all weeks together come to what is asked of them.

An order that looks at the stock of its own day brings each week that it serves to what is
asked. Where sales are lost some weeks need no order: more is left than they need, and they
are met oftener. Aiming at what is asked would then deliver more than that, so orders aim a
little lower. By how much depends on what is asked, on the lead time and on how far a week's
demand scatters; it is read from a table of a plain simulation (weekly review, lost sales,
demand of a gamma): `python -m tests.load.levels` works it out anew.
"""

from __future__ import annotations

import numpy as np
from scipy.interpolate import RegularGridInterpolator

from forecasting.hierarchy import Floats

LEADS = (0, 1, 2, 4, 8)
"""Lead times of the table, weeks."""
SPREADS = (0.03, 0.1, 0.25, 0.6, 1.2, 2.5)
"""Variance of a week's demand over the square of its mean."""
ASKED = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98, 0.995)
"""Shares of cycles that are asked for."""
AIMED: Floats = np.array(
    [
        [
            [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98, 0.995],
            [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98, 0.995],
            [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98, 0.995],
            [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98, 0.995],
            [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98, 0.995],
            [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98, 0.995],
        ],
        [
            [0.5115, 0.6025, 0.6984, 0.7478, 0.7964, 0.8460, 0.8953, 0.9464, 0.9783, 0.9942],
            [0.5127, 0.6039, 0.6943, 0.7438, 0.7940, 0.8451, 0.8943, 0.9450, 0.9780, 0.9944],
            [0.5180, 0.6075, 0.6990, 0.7462, 0.7929, 0.8411, 0.8920, 0.9454, 0.9780, 0.9943],
            [0.5298, 0.6128, 0.6973, 0.7403, 0.7870, 0.8366, 0.8884, 0.9416, 0.9774, 0.9943],
            [0.5493, 0.6244, 0.7028, 0.7441, 0.7870, 0.8338, 0.8867, 0.9424, 0.9760, 0.9940],
            [0.6036, 0.6584, 0.7195, 0.7526, 0.7909, 0.8342, 0.8846, 0.9402, 0.9766, 0.9942],
        ],
        [
            [0.5174, 0.6125, 0.7056, 0.7534, 0.8011, 0.8494, 0.8972, 0.9461, 0.9783, 0.9943],
            [0.5198, 0.6076, 0.6984, 0.7463, 0.7941, 0.8445, 0.8945, 0.9458, 0.9776, 0.9940],
            [0.5275, 0.6140, 0.6997, 0.7442, 0.7899, 0.8382, 0.8890, 0.9428, 0.9766, 0.9937],
            [0.5455, 0.6223, 0.6994, 0.7405, 0.7834, 0.8309, 0.8821, 0.9387, 0.9753, 0.9942],
            [0.5729, 0.6401, 0.7094, 0.7447, 0.7834, 0.8268, 0.8772, 0.9362, 0.9730, 0.9934],
            [0.6395, 0.6849, 0.7328, 0.7589, 0.7899, 0.8268, 0.8726, 0.9323, 0.9736, 0.9937],
        ],
        [
            [0.5293, 0.6301, 0.7239, 0.7689, 0.8130, 0.8572, 0.9016, 0.9471, 0.9777, 0.9945],
            [0.5258, 0.6185, 0.7108, 0.7567, 0.8036, 0.8492, 0.8977, 0.9463, 0.9769, 0.9941],
            [0.5344, 0.6180, 0.7034, 0.7507, 0.7951, 0.8425, 0.8924, 0.9422, 0.9758, 0.9934],
            [0.5571, 0.6308, 0.7041, 0.7438, 0.7855, 0.8317, 0.8831, 0.9377, 0.9736, 0.9940],
            [0.5929, 0.6548, 0.7160, 0.7483, 0.7841, 0.8247, 0.8721, 0.9294, 0.9713, 0.9933],
            [0.6661, 0.7056, 0.7462, 0.7690, 0.7923, 0.8244, 0.8653, 0.9232, 0.9683, 0.9925],
        ],
        [
            [0.5361, 0.6448, 0.7459, 0.7918, 0.8348, 0.8740, 0.9118, 0.9502, 0.9770, 0.9944],
            [0.5263, 0.6295, 0.7315, 0.7795, 0.8242, 0.8664, 0.9075, 0.9489, 0.9783, 0.9934],
            [0.5365, 0.6219, 0.7170, 0.7665, 0.8147, 0.8610, 0.9039, 0.9487, 0.9767, 0.9930],
            [0.5625, 0.6345, 0.7093, 0.7509, 0.7971, 0.8450, 0.8932, 0.9406, 0.9740, 0.9927],
            [0.6021, 0.6614, 0.7205, 0.7523, 0.7892, 0.8312, 0.8780, 0.9313, 0.9686, 0.9911],
            [0.6786, 0.7163, 0.7548, 0.7757, 0.7967, 0.8286, 0.8681, 0.9229, 0.9654, 0.9909],
        ],
    ]
)
"""Share that an order aims at, so that the asked one is delivered; lead times x spreads x
asked."""
_TABLE = RegularGridInterpolator(
    (np.log1p(LEADS), np.log(SPREADS), np.array(ASKED)),
    AIMED,
    bounds_error=False,
    fill_value=None,
)


def asked_when_ordering(
    service: Floats, spread: Floats, *, lead_time: int, weeks_a_pack: Floats
) -> Floats:
    """Share of cycles that an order aims at where sales are lost.

    Parameters
    ----------
    service : float array
        Share of cycles to be met in full.
    spread : float array, same shape
        Variance of a week's demand over the square of its mean.
    lead_time : int
        Weeks.
    weeks_a_pack : float array, same shape
        Weeks for which the pack lasts that orders are rounded up to: weeks without an order
        are then part of every cycle, and counted there.
    """
    points = np.stack(
        [
            np.full(service.shape, np.log1p(min(lead_time, LEADS[-1]))),
            np.log(np.clip(spread, SPREADS[0], SPREADS[-1])),
            np.clip(service, ASKED[0], ASKED[-1]),
        ],
        axis=-1,
    )
    lower = _TABLE(points) - points[..., 2]
    aimed: Floats = service + lower / (1 + 0.5 * weeks_a_pack)
    return np.where((service > ASKED[0]) & (service < ASKED[-1]), aimed, service)
