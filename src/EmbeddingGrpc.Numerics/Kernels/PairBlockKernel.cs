using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace EmbeddingGrpc.Numerics.Kernels;

/// <summary>
/// The three matrix products of one step of gradient descent of a block of input rows X against a block of output rows Y: the scores
/// <c>S = X · Yᵀ</c>, and the update <c>X += G · Y</c>, <c>Y += Gᵀ · X</c>.
/// </summary>
/// <remarks>
/// Ji et al. 2016, arXiv:1604.04661: one set of negatives for all the contexts of a window turns vector products, which wait for memory,
/// into small matrix products, which do not. S is computed in tiles four rows high and two columns wide, whose eight independent sums hide
/// the latency of multiply-add; the update in strips of six columns, held in registers with their gradients while all rows pass by.
/// Pointer arrays are padded by the caller: rows to a multiple of four, columns to a multiple of four, by repeating the last pointer.
/// </remarks>
internal static unsafe class PairBlockKernel
{
    // Six columns and their six gradients, a row, its moved values and a factor fit AVX2's sixteen registers.
    private const int StripColumns = 6;

    /// <summary>Floats from one column of scores to the next: the rows rounded up to a register.</summary>
    public static int ScoreStride(int rows) => (rows + 15) & ~15;

    /// <summary>Whether <c>Update</c> passes over the rows more than once, so that it needs a copy of what they were.</summary>
    public static bool TakesSeveralStrips(int columns) => columns is 3 or 4 or > StripColumns;

    /// <summary>Scores every row against every column.</summary>
    /// <param name="rows">[<paramref name="rowCount"/>, padded] pointers to rows of X.</param>
    /// <param name="rowCount">Rows of X.</param>
    /// <param name="columns">[<paramref name="columnCount"/>, padded] pointers to rows of Y.</param>
    /// <param name="columnCount">Rows of Y.</param>
    /// <param name="length">Floats of a row, a multiple of 16.</param>
    /// <param name="scores">[columns rounded up to four, <see cref="ScoreStride"/>], column-major; overwritten.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Scores<TLanes, TVector>(float** rows, int rowCount, float** columns, int columnCount, int length, float* scores)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        int stride = ScoreStride(rowCount);
        int r = 0;
        for (; r + 2 < rowCount; r += 4)
        {
            for (int c = 0; c < columnCount; c += 2)
            {
                Tile<TLanes, TVector>(rows + r, columns + c, length, out var first, out var second);
                first.Store(scores + (c * stride) + r);
                second.Store(scores + ((c + 1) * stride) + r);
            }
        }

        if (r < rowCount)
        {
            // One or two rows are left: the same tile with the roles exchanged.
            for (int c = 0; c < columnCount; c += 4)
            {
                Tile<TLanes, TVector>(columns + c, rows + r, length, out var first, out var second);
                float* to = scores + (c * stride) + r;
                StorePair(Vector128.Create(first.GetElement(0), second.GetElement(0), first.GetElement(1), second.GetElement(1)), to, to + stride);
                to += 2 * stride;
                StorePair(Vector128.Create(first.GetElement(2), second.GetElement(2), first.GetElement(3), second.GetElement(3)), to, to + stride);
            }
        }
    }

    /// <summary>Turns scores into gradients: <c>G[r,c] = rate[r] · (label[c] - sigmoid(S[r,c]))</c>, in place.</summary>
    /// <param name="scores">[columns, <see cref="ScoreStride"/>], column-major.</param>
    /// <param name="rowCount">Rows of X.</param>
    /// <param name="columnCount">Rows of Y.</param>
    /// <param name="rates">[score stride]; zero beyond the rows.</param>
    /// <param name="labels">[columns].</param>
    public static void Gradients<TLanes, TVector>(float* scores, int rowCount, int columnCount, float* rates, float* labels)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        int stride = ScoreStride(rowCount);
        for (int c = 0; c < columnCount; c++)
        {
            var label = TLanes.Broadcast(labels[c]);
            float* column = scores + (c * stride);
            for (int r = 0; r < rowCount; r += TLanes.Width)
            {
                var error = TLanes.Subtract(label, SigmoidKernel.Of<TLanes, TVector>(TLanes.Load(column + r)));
                TLanes.Store(TLanes.Multiply(error, TLanes.Load(rates + r)), column + r);
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
    /// <param name="gradients">[columns, <see cref="ScoreStride"/>], column-major; zero in the column that pads an odd number.</param>
    public static void Update<TLanes, TVector>(
        float** rows, float** before, int rowCount, float** columns, int columnCount, int length, float* gradients)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        int stride = ScoreStride(rowCount);
        int c = 0;
        for (; c + 4 < columnCount; c += StripColumns)
        {
            Strip6<TLanes, TVector>(rows, before, rowCount, columns + c, length, gradients + (c * stride), stride);
        }

        for (; c < columnCount; c += 2)
        {
            Strip2<TLanes, TVector>(rows, before, rowCount, columns + c, length, gradients + (c * stride), stride);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StorePair(Vector128<float> values, float* first, float* second)
    {
        *(double*)first = values.AsDouble().GetElement(0);
        *(double*)second = values.AsDouble().GetElement(1);
    }

    /// <summary>Four rows against two: the products of the four with the first, and with the second.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Tile<TLanes, TVector>(float** four, float** two, int length, out Vector128<float> first, out Vector128<float> second)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        float* a = four[0], b = four[1], c = four[2], d = four[3];
        float* x = two[0], y = two[1];
        TVector ax = TLanes.Zero, bx = ax, cx = ax, dx = ax, ay = ax, by = ax, cy = ax, dy = ax;
        for (nint i = 0; i < length; i += TLanes.Width)
        {
            var xi = TLanes.Load(x + i);
            var yi = TLanes.Load(y + i);
            var row = TLanes.Load(a + i);
            ax = TLanes.MultiplyAdd(row, xi, ax);
            ay = TLanes.MultiplyAdd(row, yi, ay);
            row = TLanes.Load(b + i);
            bx = TLanes.MultiplyAdd(row, xi, bx);
            by = TLanes.MultiplyAdd(row, yi, by);
            row = TLanes.Load(c + i);
            cx = TLanes.MultiplyAdd(row, xi, cx);
            cy = TLanes.MultiplyAdd(row, yi, cy);
            row = TLanes.Load(d + i);
            dx = TLanes.MultiplyAdd(row, xi, dx);
            dy = TLanes.MultiplyAdd(row, yi, dy);
        }

        first = TLanes.Sums(ax, bx, cx, dx);
        second = TLanes.Sums(ay, by, cy, dy);
    }

    private static void Strip6<TLanes, TVector>(
        float** rows, float** before, int rowCount, float** columns, int length, float* gradients, int stride)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        float* g0 = gradients, g1 = g0 + stride, g2 = g1 + stride, g3 = g2 + stride, g4 = g3 + stride, g5 = g4 + stride;
        for (nint i = 0; i < length; i += TLanes.Width)
        {
            TVector y0 = TLanes.Load(columns[0] + i), y1 = TLanes.Load(columns[1] + i), y2 = TLanes.Load(columns[2] + i);
            TVector y3 = TLanes.Load(columns[3] + i), y4 = TLanes.Load(columns[4] + i), y5 = TLanes.Load(columns[5] + i);
            TVector d0 = TLanes.Zero, d1 = d0, d2 = d0, d3 = d0, d4 = d0, d5 = d0;
            for (nint r = 0; r < rowCount; r++)
            {
                var x = TLanes.Load(before[r] + i);
                var moved = TLanes.Load(rows[r] + i);
                var g = TLanes.Broadcast(g0[r]);
                d0 = TLanes.MultiplyAdd(g, x, d0);
                moved = TLanes.MultiplyAdd(g, y0, moved);
                g = TLanes.Broadcast(g1[r]);
                d1 = TLanes.MultiplyAdd(g, x, d1);
                moved = TLanes.MultiplyAdd(g, y1, moved);
                g = TLanes.Broadcast(g2[r]);
                d2 = TLanes.MultiplyAdd(g, x, d2);
                moved = TLanes.MultiplyAdd(g, y2, moved);
                g = TLanes.Broadcast(g3[r]);
                d3 = TLanes.MultiplyAdd(g, x, d3);
                moved = TLanes.MultiplyAdd(g, y3, moved);
                g = TLanes.Broadcast(g4[r]);
                d4 = TLanes.MultiplyAdd(g, x, d4);
                moved = TLanes.MultiplyAdd(g, y4, moved);
                g = TLanes.Broadcast(g5[r]);
                d5 = TLanes.MultiplyAdd(g, x, d5);
                moved = TLanes.MultiplyAdd(g, y5, moved);
                TLanes.Store(moved, rows[r] + i);
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

    private static void Strip2<TLanes, TVector>(
        float** rows, float** before, int rowCount, float** columns, int length, float* gradients, int stride)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        float* g0 = gradients, g1 = g0 + stride;
        for (nint i = 0; i < length; i += TLanes.Width)
        {
            TVector y0 = TLanes.Load(columns[0] + i), y1 = TLanes.Load(columns[1] + i);
            TVector d0 = TLanes.Zero, d1 = d0;
            for (nint r = 0; r < rowCount; r++)
            {
                var x = TLanes.Load(before[r] + i);
                var moved = TLanes.Load(rows[r] + i);
                var g = TLanes.Broadcast(g0[r]);
                d0 = TLanes.MultiplyAdd(g, x, d0);
                moved = TLanes.MultiplyAdd(g, y0, moved);
                g = TLanes.Broadcast(g1[r]);
                d1 = TLanes.MultiplyAdd(g, x, d1);
                moved = TLanes.MultiplyAdd(g, y1, moved);
                TLanes.Store(moved, rows[r] + i);
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
