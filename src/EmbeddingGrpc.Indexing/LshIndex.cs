using System.ComponentModel.DataAnnotations;
using EmbeddingGrpc.Indexing.Hnsw;
using EmbeddingGrpc.Indexing.Kernels;
using EmbeddingGrpc.Indexing.Lsh;
using EmbeddingGrpc.Indexing.Memory;
using EmbeddingGrpc.Numerics;

namespace EmbeddingGrpc.Indexing;

/// <summary>
/// Hash tables by the signs of random projections (Charikar 2002), probed at several buckets (Lv et al. 2007): the classic baseline, kept to
/// measure the graph against. Immutable after construction; any number of readers.
/// </summary>
/// <remarks>
/// <see cref="SearchParameters.Ef"/> is the number of rows that are scored exactly; a recall cannot be asked for, but for an exact search. The
/// table stays its owner's and must outlive the index.
/// </remarks>
public sealed class LshIndex : IVectorIndex
{
    private readonly VectorRows _rows;
    private readonly SignHash _hash;
    private readonly HashTable[] _tables;
    private readonly LshOptions _options;
    private readonly ScratchPool _scratches;

    private LshIndex(VectorRows rows, SignHash hash, HashTable[] tables, LshOptions options)
    {
        _rows = rows;
        _hash = hash;
        _tables = tables;
        _options = options;
        _scratches = new ScratchPool(rows.Stride, 1);
    }

    /// <inheritdoc/>
    public int Count => _rows.Count;

    /// <inheritdoc/>
    public int Dimension => _rows.Dimension;

    /// <inheritdoc/>
    public SimilarityMetric Metric => _hash.Metric;

    /// <inheritdoc/>
    public long SizeBytes => _hash.SizeBytes + _tables.Sum(table => table.SizeBytes);

    /// <summary>Hashes every row of a table.</summary>
    /// <exception cref="ArgumentException">A row has a value that is not finite; says which.</exception>
    /// <exception cref="ValidationException">An option is out of its range.</exception>
    public static LshIndex Build(VectorTable vectors, SimilarityMetric metric, LshOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(vectors);
        ArgumentNullException.ThrowIfNull(options);
        if (!Enum.IsDefined(metric)) throw new ArgumentOutOfRangeException(nameof(metric), metric, "Not a metric of this index.");
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        var rows = new VectorRows(vectors);
        try
        {
            var hash = SignHash.Fit(rows, metric, options);
            var hashes = new uint[options.Tables, rows.Count];
            var margins = new float[options.Tables * options.Bits];
            for (var item = 0; item < rows.Count; item++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                hash.OfRow(item, rows, margins);
                for (var table = 0; table < options.Tables; table++) hashes[table, item] = SignHash.Bits(margins.AsSpan(table * options.Bits, options.Bits));
            }
            var tables = new HashTable[options.Tables];
            for (var table = 0; table < tables.Length; table++)
            {
                var number = table;
                tables[table] = new HashTable(options.Bits, rows.Count, item => hashes[number, item]);
            }
            return new LshIndex(rows, hash, tables, options);
        }
        catch
        {
            rows.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public unsafe int Search(ReadOnlySpan<float> query, in SearchParameters parameters, Span<Neighbor> results, CancellationToken cancellationToken = default)
    {
        QueryChecks.Validate(query, Dimension, parameters, results);
        cancellationToken.ThrowIfCancellationRequested();
        results = results[..parameters.Count];
        var scratch = _scratches.Rent();
        try
        {
            var padded = scratch.SetQuery(query);
            if (parameters.TargetRecall < 1)
            {
                var found = Probe(padded, Math.Max(parameters.Count, parameters.Ef == 0 ? _options.Candidates : parameters.Ef), parameters.Filter, results, scratch);
                if (found == Math.Min(results.Length, Count)) return found;
            }
            return ExactScan.Run(_rows, Count, Metric, padded, null, parameters.Filter, results, cancellationToken);
        }
        finally
        {
            _scratches.Return(scratch);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _scratches.Dispose();
        _rows.Dispose();
    }

    private unsafe int Probe(float* query, int candidates, IItemFilter? filter, Span<Neighbor> results, SearchScratch scratch)
    {
        Span<float> margins = stackalloc float[_tables.Length * _options.Bits];
        _hash.OfQuery(query, margins);
        var visited = scratch.Visit(Count, 1);
        var scorer = new ExactScorer(Metric, query, _rows.Stride);
        var nearest = new NearestList(results);
        var probes = new ProbeSequence(_options.Bits);
        var seen = 0;
        var scored = 0;
        // All tables' likeliest buckets first, then the next ones.
        for (var round = 0; round < probes.Count && scored < candidates; round++)
        {
            for (var table = 0; table < _tables.Length && scored < candidates; table++)
            {
                foreach (var item in _tables[table].Bucket(probes.Bucket(margins.Slice(table * _options.Bits, _options.Bits), round)))
                {
                    ref var word = ref visited.Marks[item >>> 6];
                    if ((word >> (item & 63) & 1) != 0) continue;
                    word |= 1UL << (item & 63);
                    visited.Log[seen++] = (uint)item;
                    if (filter is not null && !filter.Accepts(new ItemOrdinal(item))) continue;
                    scored++;
                    var score = scorer.Score(_rows.Row(item));
                    if (nearest.Wants(score)) nearest.Offer(new Neighbor(new ItemOrdinal(item), score));
                }
            }
        }
        scratch.Forget(Count, seen);
        return nearest.Finish();
    }
}
