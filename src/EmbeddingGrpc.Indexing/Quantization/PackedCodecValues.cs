namespace EmbeddingGrpc.Indexing.Quantization;

/// <summary>What <see cref="PackedCodecFitter"/> finds in the rows, or a file holds.</summary>
/// <param name="Lows">[dimension], the value of code 0.</param>
/// <param name="Steps">[dimension], the width of a code.</param>
/// <param name="Errors">[dimension], the mean squared error of a value's code.</param>
/// <param name="Mean">[dimension], what is taken from rows; Euclid only, else empty.</param>
/// <param name="LeastHalfNorm">Half the least squared norm of a row; Euclid only.</param>
/// <param name="HalfNormStep">Width of a code of half the squared norm; Euclid only.</param>
/// <param name="Radius">Length that rows are brought to; dot product only.</param>
internal sealed record PackedCodecValues(
    float[] Lows, float[] Steps, float[] Errors, float[] Mean, float LeastHalfNorm, float HalfNormStep, float Radius);
