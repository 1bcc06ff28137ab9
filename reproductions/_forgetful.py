"""CRNN-MRI without its memory of iterations."""

from dealias.methods.crnn import CRNN


class Forgetful(CRNN):
    """W_i = 0: each iteration begins with empty hidden states, so that only the film goes on; time recurs as before."""

    def _block(self, x, films, memory):
        return super()._block(x, films, None)
