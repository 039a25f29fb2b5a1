using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EmbeddingGrpc.Numerics.Kernels;

/// <summary>
/// One step of gradient descent of a block of input rows X against a block of output rows Y, as three small matrix products: the scores
/// <c>S = X · Yᵀ</c>, whose gradients G follow in the same pass, and the update <c>X += G · Y</c>, <c>Y += Gᵀ · X</c>.
/// </summary>
/// <remarks>
/// Ji et al. 2016, arXiv:1604.04661: one set of negatives for all the contexts of a window turns vector products, which wait for memory,
/// into small matrix products, which do not. Columns go in strips of six. Scores come from tiles of two rows by a strip, whose twelve
/// independent sums hide the latency of multiply-add and fill AVX2's sixteen registers; a tile's scores become gradients while they are
/// still in registers. The update holds a strip's columns and their changes in registers while all rows pass by. What six does not divide
/// goes in strips of two, whose tiles have the roles exchanged: two columns by six rows.
/// Pointer arrays are padded by the caller with eight copies of their last pointer, values with sixteen zeros.
/// </remarks>
internal static unsafe class PairBlockKernel
{
    // Six columns and their six changes, a row, its moved values and a factor fit AVX2's sixteen registers.
    private const int StripColumns = 6;

    // Six gradients of a strip, and two that mean nothing, so that two rows of them fill an AVX-512 register.
    private const int GradientStride = 8;

    /// <summary>Floats that the gradients of a block take at most.</summary>
    public static nuint GradientSize(int rows, int columns) =>
        (((nuint)rows + 11) / 6 * 16) * (((nuint)columns + 5) / 2);

    /// <summary>Whether <see cref="Update"/> passes over the rows more than once, so that it needs a copy of what they were.</summary>
    public static bool TakesSeveralStrips(int columns) => columns is 3 or 4 or > StripColumns;

    /// <summary>Scores every row against every column and turns the scores into gradients: <c>G[r,c] = rate[r] · (label[c] - sigmoid(S[r,c]))</c>.</summary>
    /// <param name="rows">[<paramref name="rowCount"/>, padded] pointers to rows of X.</param>
    /// <param name="rates">[<paramref name="rowCount"/>, padded].</param>
    /// <param name="rowCount">Rows of X.</param>
    /// <param name="columns">[<paramref name="columnCount"/>, padded] pointers to rows of Y.</param>
    /// <param name="labels">[<paramref name="columnCount"/>, padded].</param>
    /// <param name="columnCount">Rows of Y.</param>
    /// <param name="length">Floats of a row, a multiple of 16.</param>
    /// <param name="gradients">[<see cref="GradientSize"/>], strip after strip in the order that <see cref="Update"/> takes them; overwritten.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Gradients<TLanes, TVector>(
        float** rows, float* rates, int rowCount, float** columns, float* labels, int columnCount, int length, float* gradients)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        int c = 0;
        for (; c + 4 < columnCount; c += StripColumns)
        {
            for (int r = 0; r < rowCount; r += 2)
            {
                Tile<TLanes, TVector>(rows + r, columns + c, length, out var first, out var tails, out var second);
                for (int part = 0; part < 16 / TLanes.Width; part++)
                {
                    var scores = TLanes.Join(first, tails, second, part);
                    Store<TLanes, TVector>(
                        scores, TLanes.TwoEights(labels + c, part), TLanes.EightEach(rates[r], rates[r + 1], part), gradients + (part * TLanes.Width));
                }

                if (c + StripColumns > columnCount)
                {
                    // The column that pads five is the last one again, which must not move twice.
                    gradients[StripColumns - 1] = 0;
                    gradients[StripColumns - 1 + GradientStride] = 0;
                }

                gradients += 2 * GradientStride;
            }
        }

        for (; c < columnCount; c += 2)
        {
            for (int r = 0; r < rowCount; r += StripColumns)
            {
                Tile<TLanes, TVector>(columns + c, rows + r, length, out var first, out var tails, out var second);
                for (int part = 0; part < 16 / TLanes.Width; part++)
                {
                    var scores = TLanes.Join(first, tails, second, part);
                    Store<TLanes, TVector>(
                        scores, TLanes.EightEach(labels[c], labels[c + 1], part), TLanes.TwoEights(rates + r, part), gradients + (part * TLanes.Width));
                }

                if (c + 1 == columnCount)
                {
                    new Span<float>(gradients + GradientStride, GradientStride).Clear();
                }

                gradients += 2 * GradientStride;
            }
        }
    }

    /// <summary>Moves both blocks along the gradients.</summary>
    /// <param name="rows">[<paramref name="rowCount"/>] pointers to the rows of X to move.</param>
    /// <param name="before">[<paramref name="rowCount"/>] pointers to the same rows' values before the step. If one strip suffices it may be <paramref name="rows"/>.</param>
    /// <param name="rowCount">Rows of X.</param>
    /// <param name="columns">[<paramref name="columnCount"/>, padded] pointers to rows of Y. A row that stands twice receives both gradients.</param>
    /// <param name="columnCount">Rows of Y.</param>
    /// <param name="length">Floats of a row, a multiple of 16.</param>
    /// <param name="gradients">From <see cref="Gradients"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Update<TLanes, TVector>(
        float** rows, float** before, int rowCount, float** columns, int columnCount, int length, float* gradients)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        int c = 0;
        for (; c + 4 < columnCount; c += StripColumns)
        {
            if (rows == before)
            {
                Strip6<TLanes, TVector>(rows, rows, rowCount, columns + c, length, gradients, alone: true);
            }
            else
            {
                Strip6<TLanes, TVector>(rows, before, rowCount, columns + c, length, gradients, alone: false);
            }

            gradients += ((rowCount + 1) & ~1) * GradientStride;
        }

        for (; c < columnCount; c += 2)
        {
            Strip2<TLanes, TVector>(rows, before, rowCount, columns + c, length, gradients);
            gradients += (rowCount + StripColumns - 1) / StripColumns * 2 * GradientStride;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TLanes, TVector>(TVector scores, TVector labels, TVector rates, float* gradients)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        var error = TLanes.Subtract(labels, SigmoidKernel.Of<TLanes, TVector>(scores));
        TLanes.Store(TLanes.Multiply(error, rates), gradients);
    }

    /// <summary>
    /// The products of two rows with six: <paramref name="first"/> and <paramref name="second"/> have the two rows' products with the first
    /// four, <paramref name="tails"/> those with the last two, the first row's before the second's.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Tile<TLanes, TVector>(
        float** two, float** six, int length, out Vector128<float> first, out Vector128<float> tails, out Vector128<float> second)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        float* a = two[0], b = two[1];
        float* s0 = six[0], s1 = six[1], s2 = six[2], s3 = six[3], s4 = six[4], s5 = six[5];
        TVector a0 = TLanes.Zero, a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0, b4 = a0, b5 = a0;
        for (nint i = 0; i < length; i += TLanes.Width)
        {
            var x = TLanes.Load(a + i);
            var y = TLanes.Load(b + i);
            var row = TLanes.Load(s0 + i);
            a0 = TLanes.MultiplyAdd(row, x, a0);
            b0 = TLanes.MultiplyAdd(row, y, b0);
            row = TLanes.Load(s1 + i);
            a1 = TLanes.MultiplyAdd(row, x, a1);
            b1 = TLanes.MultiplyAdd(row, y, b1);
            row = TLanes.Load(s2 + i);
            a2 = TLanes.MultiplyAdd(row, x, a2);
            b2 = TLanes.MultiplyAdd(row, y, b2);
            row = TLanes.Load(s3 + i);
            a3 = TLanes.MultiplyAdd(row, x, a3);
            b3 = TLanes.MultiplyAdd(row, y, b3);
            row = TLanes.Load(s4 + i);
            a4 = TLanes.MultiplyAdd(row, x, a4);
            b4 = TLanes.MultiplyAdd(row, y, b4);
            row = TLanes.Load(s5 + i);
            a5 = TLanes.MultiplyAdd(row, x, a5);
            b5 = TLanes.MultiplyAdd(row, y, b5);
        }

        first = TLanes.Sums(a0, a1, a2, a3);
        tails = TLanes.Sums(a4, a5, b4, b5);
        second = TLanes.Sums(b0, b1, b2, b3);
    }

    /// <param name="rows">The rows to move.</param>
    /// <param name="before">What they were.</param>
    /// <param name="rowCount">Rows.</param>
    /// <param name="columns">Six.</param>
    /// <param name="length">Floats of a row.</param>
    /// <param name="gradients">[rows, <see cref="GradientStride"/>].</param>
    /// <param name="alone">A constant: the rows are what they were, because no strip came before this one.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Strip6<TLanes, TVector>(
        float** rows, float** before, int rowCount, float** columns, int length, float* gradients, bool alone)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        for (nint i = 0; i < length; i += TLanes.Width)
        {
            TVector y0 = TLanes.Load(columns[0] + i), y1 = TLanes.Load(columns[1] + i), y2 = TLanes.Load(columns[2] + i);
            TVector y3 = TLanes.Load(columns[3] + i), y4 = TLanes.Load(columns[4] + i), y5 = TLanes.Load(columns[5] + i);
            TVector d0 = TLanes.Zero, d1 = d0, d2 = d0, d3 = d0, d4 = d0, d5 = d0;
            float* g = gradients;
            for (nint r = 0; r < rowCount; r++, g += GradientStride)
            {
                float* row = rows[r] + i;
                var moved = TLanes.Load(row);
                var x = alone ? moved : TLanes.Load(before[r] + i);
                var factor = TLanes.Broadcast(g[0]);
                d0 = TLanes.MultiplyAdd(factor, x, d0);
                moved = TLanes.MultiplyAdd(factor, y0, moved);
                factor = TLanes.Broadcast(g[1]);
                d1 = TLanes.MultiplyAdd(factor, x, d1);
                moved = TLanes.MultiplyAdd(factor, y1, moved);
                factor = TLanes.Broadcast(g[2]);
                d2 = TLanes.MultiplyAdd(factor, x, d2);
                moved = TLanes.MultiplyAdd(factor, y2, moved);
                factor = TLanes.Broadcast(g[3]);
                d3 = TLanes.MultiplyAdd(factor, x, d3);
                moved = TLanes.MultiplyAdd(factor, y3, moved);
                factor = TLanes.Broadcast(g[4]);
                d4 = TLanes.MultiplyAdd(factor, x, d4);
                moved = TLanes.MultiplyAdd(factor, y4, moved);
                factor = TLanes.Broadcast(g[5]);
                d5 = TLanes.MultiplyAdd(factor, x, d5);
                moved = TLanes.MultiplyAdd(factor, y5, moved);
                TLanes.Store(moved, row);
            }

            // Loaded again, one after the other: a row that stands twice must get both gradients.
            Accumulate<TLanes, TVector>(d0, columns[0] + i);
            Accumulate<TLanes, TVector>(d1, columns[1] + i);
            Accumulate<TLanes, TVector>(d2, columns[2] + i);
            Accumulate<TLanes, TVector>(d3, columns[3] + i);
            Accumulate<TLanes, TVector>(d4, columns[4] + i);
            Accumulate<TLanes, TVector>(d5, columns[5] + i);
        }
    }

    /// <inheritdoc cref="Strip6"/>
    /// <param name="rows">The rows to move.</param>
    /// <param name="before">What they were.</param>
    /// <param name="rowCount">Rows.</param>
    /// <param name="columns">Two.</param>
    /// <param name="length">Floats of a row.</param>
    /// <param name="gradients">[rows in sixes, 2, <see cref="GradientStride"/>].</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Strip2<TLanes, TVector>(float** rows, float** before, int rowCount, float** columns, int length, float* gradients)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        for (nint i = 0; i < length; i += TLanes.Width)
        {
            TVector y0 = TLanes.Load(columns[0] + i), y1 = TLanes.Load(columns[1] + i);
            TVector d0 = TLanes.Zero, d1 = d0;
            float* g = gradients;
            for (nint start = 0; start < rowCount; start += StripColumns, g += 2 * GradientStride)
            {
                nint end = Math.Min(StripColumns, rowCount - start);
                for (nint r = 0; r < end; r++)
                {
                    float* row = rows[start + r] + i;
                    var moved = TLanes.Load(row);
                    var x = TLanes.Load(before[start + r] + i);
                    var factor = TLanes.Broadcast(g[r]);
                    d0 = TLanes.MultiplyAdd(factor, x, d0);
                    moved = TLanes.MultiplyAdd(factor, y0, moved);
                    factor = TLanes.Broadcast(g[r + GradientStride]);
                    d1 = TLanes.MultiplyAdd(factor, x, d1);
                    moved = TLanes.MultiplyAdd(factor, y1, moved);
                    TLanes.Store(moved, row);
                }
            }

            Accumulate<TLanes, TVector>(d0, columns[0] + i);
            Accumulate<TLanes, TVector>(d1, columns[1] + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Accumulate<TLanes, TVector>(TVector gradient, float* row)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct =>
        TLanes.Store(TLanes.Add(TLanes.Load(row), gradient), row);
}
