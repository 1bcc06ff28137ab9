SMALL = {"features": 3, "iterations": 2, "size": 5, "nodes": 7}
