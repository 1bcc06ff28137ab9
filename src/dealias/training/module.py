"""The only file that knows Lightning: one module trains every method.

Update i draws its pairs from a generator seeded by (seed, i), so that a training that was killed goes on as if
it had not been.
"""

import logging
import math
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import torch
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint, WeightAveraging
from lightning.pytorch.loggers import TensorBoardLogger
from torch import Tensor
from torch.utils.data import DataLoader

from dealias import sampling
from dealias.acquisition import Acquisition
from dealias.errors import UserError
from dealias.evaluation.metrics import psnr
from dealias.files.atomic import refusal
from dealias.method import Method
from dealias.shapes import Image
from dealias.training import losses
from dealias.training.films import FilmSimulation
from dealias.training.simulate import Simulation

KEPT_EVERY = timedelta(minutes=2)


class Module(lightning.LightningModule):
    """A method in training."""

    def __init__(
        self,
        method: Method,
        simulation: Simulation | FilmSimulation,
        images: Sequence[Tensor],
        loss: str,
        rate: float,
        updates: int,
        seconds: float | None,
        seed: int,
    ) -> None:
        super().__init__()
        self.method = method
        self.simulation = simulation
        self.images = images
        self.loss = getattr(losses, loss)
        self.rate, self.updates, self.seconds, self.seed = rate, updates, seconds, seed
        self.spent = 0.0

    def training_step(self, batch: Tensor, _: int) -> Tensor:
        # not the batch's own number: Lightning counts from zero again where it resumes
        index = self.global_step * self.trainer.world_size + self.global_rank
        # processes that wait for each other should work on crops of one size
        size = self.simulation.size(_generator(self.seed, self.global_step))
        acquisition, target = self.simulation.pairs(self.images, size, _generator(self.seed + 1, index))
        acquisition, target = acquisition.to(self.device), target.to(self.device)
        problem, scale = self.method.normalised(acquisition)
        divisor = torch.where(scale == 0, 1, scale)  # that of a crop without any signal
        value: Tensor = self.loss(self.method.estimates(problem), target / divisor)
        self.log("loss", value, prog_bar=True)
        return value

    def validation_step(self, batch: Sequence[Any], _: int) -> None:
        acquisition, target = batch
        estimate = self.method(acquisition.to(self.device))
        score = psnr(estimate, target.to(self.device)).mean()
        if self.trainer.world_size == 1:  # processes that hold other shares of a key are not averaged rightly
            self.log(f"psnr/{acquisition.acceleration:.0f}x", score, batch_size=1)
        self.log("psnr", score, prog_bar=True, batch_size=1, sync_dist=True)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=self.rate)

    def on_train_start(self) -> None:
        self.started = time.monotonic() - self.spent

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        self.spent = time.monotonic() - self.started
        progress = self.global_step / self.updates
        if self.seconds is not None:
            # all processes take the clock of the first, lest their rates differ
            progress = self.trainer.strategy.broadcast(max(progress, self.spent / self.seconds))
        warm = min(1.0, self.global_step / 200 + 0.01)
        optimizer = self.optimizers()
        assert not isinstance(optimizer, list)
        for group in optimizer.param_groups:
            group["lr"] = self.rate * warm * (0.01 + 0.99 * (0.5 + 0.5 * math.cos(math.pi * min(1.0, progress))))
        if progress >= 1 or self.global_step + 1 >= self.updates:
            self.trainer.should_stop = True  # which validates a last time

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["spent"] = self.spent
        scores = self.trainer.callback_metrics.items()
        checkpoint["scores"] = {name: value for name, value in scores if name.startswith("psnr")}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.spent = checkpoint["spent"]


def averaged(average: Tensor, current: Tensor, count: Tensor) -> Tensor:
    """Return the moving average of a weight: over the last tenth of the updates, and the last thousand at most.

    Over a thousand from the first on, 1,000 updates would still end with 37 % of the random beginning.
    """
    share = (9 / (10 + count)).clamp_min(0.001)
    return (1 - share) * average + share * current


def _generator(seed: int, index: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed * 1_000_000_007 + index)


def validation_set(
    images: Sequence[Tensor], accelerations: Sequence[float], noise_std: float
) -> list[tuple[Acquisition, Image]]:
    """Return simulated acquisitions of each image at each acceleration, always the same ones."""
    pairs = []
    # each process of several takes every n-th one: all should meet every acceleration
    for acceleration in accelerations:
        for seed, image in enumerate(images):
            generator = torch.Generator().manual_seed(seed)
            mask = sampling.gaussian((*image.shape,), acceleration, generator=generator)
            pairs.append((Acquisition.simulate(image, mask, noise_std=noise_std, generator=generator), image))
    return pairs


@dataclass(frozen=True)
class Course:
    """How a training runs.

    Arguments:
        precision: float32 or bfloat16.
        every: updates between two validations.
        keep: whether the checkpoint of each validation stays, not only the best and the last.
        patience: validations without a better score before it stops.
        devices: processes (CPU) or GPUs.
        clip: cuts each entry of the gradient at this size; None the whole at norm 1.
    """

    precision: str
    every: int
    keep: bool
    patience: int
    devices: int
    clip: float | None


class Kept(ModelCheckpoint):
    """What a training keeps in its folder; it knows its best score again where that folder was moved."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up a state, its files in this folder."""

        def here(path: str) -> str:
            return str(Path(str(self.dirpath)) / Path(path).name) if path else path

        paths: dict[str, Any] = {name: here(value) for name, value in state_dict.items() if name.endswith("_path")}
        paths["best_k_models"] = {here(path): score for path, score in state_dict["best_k_models"].items()}
        super().load_state_dict({**state_dict, **paths, "dirpath": self.dirpath})


class Last(Kept):
    """The checkpoint from which a training goes on: of every two minutes and every validation."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, "last", train_time_interval=KEPT_EVERY, enable_version_counter=False)
        self.file = directory / "last.ckpt"

    def on_validation_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        trainer.save_checkpoint(self.file)


class Patience(EarlyStopping):
    """Stops a training that no longer gains; resumed, it has the patience that it is given, not the one it had."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up a state but for its patience."""
        super().load_state_dict({**state_dict, "patience": self.patience})


def fit(module: Module, validation: Sequence[tuple[Acquisition, Image]], directory: Path, course: Course) -> Path:
    """Train, or go on from the last checkpoint in `directory`, and return the best checkpoint's path."""
    best = Kept(directory, "best", monitor="psnr", mode="max", enable_version_counter=False)
    each = Kept(directory, "{step}", save_top_k=-1, enable_version_counter=False)
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    trainer = lightning.Trainer(
        accelerator="auto" if torch.cuda.is_available() else "cpu",
        devices=course.devices,
        strategy="ddp" if course.devices > 1 else "auto",
        precision="bf16-mixed" if course.precision == "bfloat16" else "32-true",
        max_steps=module.updates,
        val_check_interval=course.every,
        check_val_every_n_epoch=None,
        num_sanity_val_steps=0,
        gradient_clip_val=course.clip or 1.0,
        gradient_clip_algorithm="value" if course.clip else "norm",
        log_every_n_steps=min(50, module.updates),
        callbacks=[
            WeightAveraging(avg_fn=averaged),
            Patience("psnr", mode="max", patience=course.patience),
            best,
            *([each] if course.keep else []),
            Last(directory),
        ],
        logger=TensorBoardLogger(directory, name="", version=""),
        default_root_dir=directory,
        enable_model_summary=False,
    )
    updates: DataLoader[Any] = DataLoader(range(module.updates * course.devices), batch_size=1)  # type: ignore[arg-type]
    examples: DataLoader[Any] = DataLoader(validation, batch_size=None)  # type: ignore[arg-type]
    resume = directory / "last.ckpt"
    _check_readable(resume)
    with warnings.catch_warnings():
        # what a resumed training on few cores cannot help, and PyTorch's news for Lightning
        texts = ("Checkpoint directory", ".*does not have many workers", ".*dataloader is not resumable", ".*LeafSpec")
        for text in texts:
            warnings.filterwarnings("ignore", text)
        try:
            trainer.fit(module, updates, examples, ckpt_path=resume if resume.exists() else None, weights_only=True)
        except SystemExit:  # Lightning's answer to Control-C
            raise KeyboardInterrupt from None
        except OSError as error:
            raise UserError(f"{directory}: {refusal(error)}") from None
    return directory / "best.ckpt"


def _check_readable(checkpoint: Path) -> None:
    """Refuse a checkpoint that a full disk or a crash has cut short, or that is none."""
    if not checkpoint.exists():
        return
    try:
        torch.load(checkpoint, weights_only=True, map_location="cpu")
    except Exception:  # whatever a damaged file makes PyTorch raise
        text = "is damaged; remove it to begin anew from the first update"
        raise UserError(f"{checkpoint}: {text}") from None
