"""The only file that knows Lightning: one module trains every method and prior."""

import logging
import math
import shlex
import time
import warnings
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import torch
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint, WeightAveraging
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.plugins.io import TorchCheckpointIO
from torch import Tensor
from torch.utils.data import DataLoader, DistributedSampler, Sampler

from dealias.errors import UserError
from dealias.files.atomic import atomic, refusal
from dealias.training.example import Example
from dealias.training.objective import Objective
from dealias.training.progress import Progress
from dealias.training.source import Source
from dealias.training.training import Training
from dealias.training.updates import Updates

KEPT_EVERY = timedelta(minutes=2)


class Module(lightning.LightningModule):
    """An objective in training; `measure` names the score by which the best weights are chosen."""

    def __init__(
        self,
        training: Training,
        objective: Objective,
        source: Source,
        validation: Sequence[Example],
        prepared_in: float = 0.0,
    ) -> None:
        super().__init__()
        self.plan, self.objective = training, objective
        self.method = objective.learner  # whose weights checkpoints name so
        self.source, self.validation = source, validation
        self.measure = objective.measure
        self.spent = prepared_in
        self.history: list[tuple[int, float]] = []

    def train_dataloader(self) -> DataLoader[Example]:
        plan, trainer = self.plan, self.trainer
        updates = Updates(self.source, plan.seed, plan.held, trainer.world_size, trainer.global_rank)
        # Lightning counts from zero again where it resumes
        return updates.loader(self.global_step, plan.updates, plan.workers)

    def val_dataloader(self) -> DataLoader[Example]:
        data: Any = self.validation
        ours: Sampler[int] = DistributedSampler(data, self.trainer.world_size, self.trainer.global_rank, shuffle=False)
        return DataLoader(data, batch_size=None, sampler=ours)

    def training_step(self, example: Example, _: int) -> Tensor:
        value = self.objective.loss(example, self._generator(self.plan.seed + 2, self.global_step))
        self.log("loss", value, batch_size=1)
        return value

    def _generator(self, seed: int, number: int) -> torch.Generator:
        # processes that learn together draw other numbers each
        return torch.Generator().manual_seed(seed * 1_000_000_007 + number * self.trainer.world_size + self.global_rank)

    def validation_step(self, example: Example, number: int) -> None:
        score = self.objective.score(example, self._generator(0, number))  # always with the same random numbers
        kind = self.objective.kind(example)
        if kind and self.trainer.world_size == 1:  # processes that hold other shares of a key are not averaged rightly
            self.log(f"{self.measure}/{kind}", score, batch_size=1)
        self.log(self.measure, score, batch_size=1, sync_dist=True)

    def on_train_batch_end(self, *_: Any) -> None:
        self.progress.move(self.global_step, self.spent, self.trainer.callback_metrics)

    def on_validation_start(self) -> None:
        self.progress.say("validating")

    def on_validation_end(self) -> None:
        self.progress.say("training")

    def on_train_end(self) -> None:
        self.progress.close()

    def on_validation_epoch_end(self) -> None:
        self.history.append((self.global_step, float(self.trainer.callback_metrics[self.measure])))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=self.plan.rate)

    def on_train_start(self) -> None:
        self.started = time.monotonic() - self.spent
        self.progress = Progress(self.plan.updates, self.plan.seconds, hidden=self.global_rank > 0)

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        self.spent = time.monotonic() - self.started
        progress = self.global_step / self.plan.updates
        if self.plan.seconds is not None:
            # all processes take the clock of the first, lest their rates differ
            progress = self.trainer.strategy.broadcast(max(progress, self.spent / self.plan.seconds))
        optimizer = self.optimizers()
        assert not isinstance(optimizer, list)
        for group in optimizer.param_groups:
            group["lr"] = self.plan.rate * share_of_rate(self.global_step, progress)
        if progress >= 1 or self.global_step + 1 >= self.plan.updates:
            self.trainer.should_stop = True  # which validates a last time

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["spent"], checkpoint["history"] = self.spent, self.history
        scores = self.trainer.callback_metrics.items()
        checkpoint["scores"] = {name: value for name, value in scores if name.startswith(self.measure)}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.spent, self.history = self.spent + checkpoint["spent"], [*checkpoint.get("history", [])]


def share_of_rate(update: int, progress: float) -> float:
    """Return the share of the learning rate: it rises over 200 updates, and falls with a cosine to a hundredth.

    Arguments:
        update: how many were made.
        progress: the share of the training that is over.
    """
    warm = min(1.0, update / 200 + 0.01)
    return warm * (0.01 + 0.99 * (0.5 + 0.5 * math.cos(math.pi * min(1.0, progress))))


def averaged(average: Tensor, current: Tensor, count: Tensor) -> Tensor:
    """Return the moving average of a weight: over the last tenth of the updates, and the last thousand at most.

    Over a thousand from the first on, 1,000 updates would still end with 37 % of the random beginning.
    """
    share = (9 / (10 + count)).clamp_min(0.001)
    return (1 - share) * average + share * current


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


class WholeCheckpoints(TorchCheckpointIO):
    """Writes checkpoints beside their place and renames them; Lightning's own way copies between two disks."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        """Write one, whole or not at all."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with atomic(path, overwrite=True) as temporary:
            torch.save(checkpoint, temporary)


class Patience(EarlyStopping):
    """Stops a training that no longer gains; resumed, it has the patience that it is given, not the one it had."""

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up a state but for its patience."""
        super().load_state_dict({**state_dict, "patience": self.patience})


def fit(module: Module, directory: Path, precision: str) -> Path:
    """Train, or go on from the last checkpoint in `directory`, and return the best checkpoint's path."""
    plan = module.plan
    best = Kept(directory, "best", monitor=module.measure, mode="max", enable_version_counter=False)
    each = Kept(directory, "{step}", save_top_k=-1, enable_version_counter=False)
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    trainer = lightning.Trainer(
        accelerator="auto" if torch.cuda.is_available() else "cpu",
        devices=plan.devices,
        strategy="ddp" if plan.devices > 1 else "auto",
        use_distributed_sampler=False,
        precision="bf16-mixed" if precision == "bfloat16" else "32-true",
        max_steps=plan.updates,
        val_check_interval=plan.every,
        check_val_every_n_epoch=None,
        num_sanity_val_steps=0,
        gradient_clip_val=plan.clip or 1.0,
        gradient_clip_algorithm="value" if plan.clip else "norm",
        log_every_n_steps=min(50, plan.updates),
        callbacks=[
            WeightAveraging(avg_fn=averaged),
            Patience(module.measure, mode="max", patience=plan.patience),
            best,
            *([each] if plan.keep else []),
            Last(directory),
        ],
        enable_progress_bar=False,
        logger=TensorBoardLogger(directory, name="", version=""),
        plugins=[WholeCheckpoints()],
        default_root_dir=directory,
        enable_model_summary=False,
    )
    resume = directory / "last.ckpt"
    _check_readable(resume)
    with warnings.catch_warnings():
        # what a resumed training on few cores cannot help, and PyTorch's news for Lightning
        texts = ("Checkpoint directory", ".*does not have many workers", ".*dataloader is not resumable", ".*LeafSpec")
        for text in (*texts, ".*is multi-threaded, use of fork"):
            warnings.filterwarnings("ignore", text)
        try:
            trainer.fit(module, ckpt_path=resume if resume.exists() else None, weights_only=True)
        except SystemExit:  # Lightning's answer to Control-C
            raise KeyboardInterrupt from None
        except UserError as error:  # a worker's comes with its traceback
            raise UserError(str(error).strip().rpartition("UserError: ")[2]) from None
        except OSError as error:
            raise UserError(f"{directory}: {refusal(error)}") from None
    return directory / "best.ckpt"


def _check_readable(checkpoint: Path) -> None:
    """Refuse a checkpoint that a full disk or a crash has cut short, or that is none."""
    if not checkpoint.exists() or _readable(checkpoint):
        return
    text = "is damaged; remove it to begin anew from the first update"
    best = checkpoint.with_name("best.ckpt")
    if _readable(best):
        text += f", or go on from the best one: cp {shlex.quote(str(best))} {shlex.quote(str(checkpoint))}"
    raise UserError(f"{checkpoint}: {text}")


def _readable(checkpoint: Path) -> bool:
    try:
        torch.load(checkpoint, weights_only=True, map_location="cpu")
    except Exception:  # whatever a damaged file makes PyTorch raise
        return False
    return True
