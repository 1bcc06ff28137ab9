"""What tests of networks share: how many parameters there are, and whether one sample is learned."""

import torch


def count(module):
    return sum(value.numel() for value in module.parameters())


def learned(method, example, loss, updates, rate):
    """The loss on one example before the first update, and after the last."""
    optimizer = torch.optim.Adam(method.parameters(), rate)
    values = []
    for _ in range(updates + 1):
        optimizer.zero_grad()
        seen = example.normalised(method)
        value = loss(method.estimates(seen.problem), seen)
        value.backward()
        optimizer.step()
        values.append(float(value.detach()))
    return values[0], values[-1]
