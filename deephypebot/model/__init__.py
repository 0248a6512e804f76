"""The writer: the language model, its training, its judges and its measures. The only home of torch.

    evaluation    what a checkpoint is worth: the scoreboard
    training      gradient loops, and what is fitted on text
    network       the CVAE in torch, over the backbone or from scratch, and the folder that it is kept in
    writing       song and attributes to texts, on ONNX Runtime and numpy
    judging       what a text is worth: rewards, classifiers, facts, what is copied or worn

Each may import what stands below it, and the plain files beside this one: the backbone, its tokens, attributes as numbers, settings, files.
"""
