SMALL = {"features": 4, "iterations": 2, "size": 3, "directions": 2, "gradients": 6}
