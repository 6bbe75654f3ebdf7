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
            [0.5019, 0.5960, 0.6919, 0.7400, 0.7901, 0.8404, 0.8922, 0.9457, 0.9780, 0.9947],
            [0.5041, 0.5969, 0.6915, 0.7396, 0.7897, 0.8397, 0.8912, 0.9459, 0.9785, 0.9950],
            [0.5118, 0.6001, 0.6918, 0.7396, 0.7880, 0.8385, 0.8908, 0.9449, 0.9784, 0.9950],
            [0.5316, 0.6108, 0.6936, 0.7394, 0.7862, 0.8361, 0.8885, 0.9436, 0.9776, 0.9946],
            [0.5490, 0.6271, 0.7040, 0.7433, 0.7851, 0.8323, 0.8854, 0.9428, 0.9777, 0.9943],
            [0.6007, 0.6555, 0.7179, 0.7520, 0.7907, 0.8334, 0.8824, 0.9412, 0.9783, 0.9949],
        ],
        [
            [0.5070, 0.6031, 0.6973, 0.7454, 0.7934, 0.8421, 0.8926, 0.9444, 0.9776, 0.9944],
            [0.5102, 0.6010, 0.6926, 0.7409, 0.7902, 0.8395, 0.8915, 0.9448, 0.9777, 0.9950],
            [0.5210, 0.6045, 0.6923, 0.7376, 0.7844, 0.8337, 0.8863, 0.9426, 0.9766, 0.9946],
            [0.5451, 0.6186, 0.6957, 0.7371, 0.7819, 0.8304, 0.8832, 0.9407, 0.9760, 0.9941],
            [0.5754, 0.6435, 0.7079, 0.7421, 0.7806, 0.8254, 0.8781, 0.9373, 0.9749, 0.9939],
            [0.6371, 0.6816, 0.7323, 0.7603, 0.7905, 0.8260, 0.8714, 0.9340, 0.9748, 0.9940],
        ],
        [
            [0.5198, 0.6214, 0.7159, 0.7613, 0.8052, 0.8497, 0.8968, 0.9456, 0.9771, 0.9942],
            [0.5127, 0.6070, 0.7045, 0.7508, 0.7990, 0.8463, 0.8949, 0.9458, 0.9779, 0.9945],
            [0.5262, 0.6085, 0.6951, 0.7403, 0.7878, 0.8367, 0.8880, 0.9415, 0.9754, 0.9943],
            [0.5554, 0.6255, 0.6993, 0.7389, 0.7815, 0.8286, 0.8803, 0.9365, 0.9738, 0.9934],
            [0.5982, 0.6577, 0.7149, 0.7457, 0.7818, 0.8231, 0.8723, 0.9308, 0.9712, 0.9930],
            [0.6638, 0.7035, 0.7470, 0.7698, 0.7928, 0.8238, 0.8629, 0.9239, 0.9703, 0.9928],
        ],
        [
            [0.5250, 0.6340, 0.7365, 0.7834, 0.8266, 0.8672, 0.9070, 0.9478, 0.9770, 0.9939],
            [0.5136, 0.6172, 0.7224, 0.7713, 0.8174, 0.8613, 0.9036, 0.9479, 0.9775, 0.9940],
            [0.5277, 0.6109, 0.7084, 0.7593, 0.8068, 0.8526, 0.8975, 0.9450, 0.9756, 0.9933],
            [0.5585, 0.6289, 0.7032, 0.7461, 0.7922, 0.8420, 0.8919, 0.9410, 0.9732, 0.9929],
            [0.6082, 0.6639, 0.7175, 0.7483, 0.7855, 0.8287, 0.8793, 0.9328, 0.9695, 0.9923],
            [0.6769, 0.7159, 0.7561, 0.7759, 0.7957, 0.8262, 0.8647, 0.9217, 0.9658, 0.9916],
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
