from dealias import coils as coils
from dealias import phantoms as phantoms
from dealias import sampling as sampling
from dealias import testing as testing
from dealias.acquisition import Acquisition as Acquisition
from dealias.cards import load as load
from dealias.coils.espirit import espirit as espirit
from dealias.driver import draw as draw
from dealias.driver import iterate as iterate
from dealias.driver import reconstruct as reconstruct
from dealias.error_bar.uncertainty import uncertainty as uncertainty
from dealias.errors import UserError as UserError
from dealias.files.open import open as open
from dealias.files.write import write as write
from dealias.header import Header as Header
from dealias.linear_operator import LinearOperator as LinearOperator
from dealias.method import Method as Method
from dealias.prior import Prior as Prior
from dealias.problem import Problem as Problem
from dealias.soft_sense import SoftSense as SoftSense
from dealias.training.adapt import adapt as adapt

__version__: str
