namespace EmbeddingGrpc.Indexing.Files;

/// <summary>What a section holds.</summary>
internal enum SectionKind
{
    /// <summary>Floats of the codec: the value of code 0, the width of a code and its mean squared error of every value, then the mean that is taken from rows.</summary>
    Codec = 1,

    /// <summary>[items, code stride] bytes.</summary>
    Codes = 2,

    /// <summary>[nodes, link stride] node numbers of one layer.</summary>
    Links = 3,

    /// <summary>[nodes, 2]: item and number on the layer below of each node of one layer.</summary>
    Nodes = 4,

    /// <summary>[added items, row stride] floats of the items that are not in the table.</summary>
    AddedRows = 5,

    /// <summary>A bit for every item: whether it is deleted.</summary>
    Deleted = 6,

    /// <summary>Live items when the index was calibrated, then the recall of each pool size that was measured; 64-bit floats.</summary>
    Calibration = 7,

    /// <summary>Recall of each pool size that was measured for many neighbours; 64-bit floats. Files from before that was measured have none.</summary>
    CalibrationOfMany = 8,

    /// <summary>Recall of each margin that was measured; 64-bit floats. Files from before that was measured have none.</summary>
    CalibrationByMargin = 9,

    /// <summary>The same for many neighbours.</summary>
    CalibrationOfManyByMargin = 10,
}
