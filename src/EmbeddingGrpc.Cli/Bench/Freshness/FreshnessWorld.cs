using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace EmbeddingGrpc.Cli.Bench.Freshness;

/// <summary>
/// Items in topics, each a direction with its items spread around it. The same for a seed; nothing is kept but the topics. New items come in even topics
/// only, so that the lists of the odd ones have nothing to do with them.
/// </summary>
internal sealed class FreshnessWorld
{
    private const int ItemsOfTopic = 100;
    private const double Spread = 0.6;

    private const string NewPrefix = "new";

    private readonly string _run;
    private readonly float[][] _topics;

    /// <summary>Makes the world of a seed.</summary>
    /// <param name="items">Items of the model.</param>
    /// <param name="dimension">Values of a vector.</param>
    /// <param name="seed">Of the topics and the vectors.</param>
    /// <param name="run">Tells what is new in this run from what was in an earlier one: the daemon knows that already.</param>
    public FreshnessWorld(int items, int dimension, int seed, string run)
    {
        _run = run;
        (Items, Dimension, Seed) = (items, dimension, seed);
        var random = new Random(seed);
        _topics = [.. Enumerable.Range(0, Math.Max(2, items / ItemsOfTopic)).Select(_ => Direction(random))];
    }

    /// <summary>Items of the model.</summary>
    public int Items { get; }

    /// <summary>Values of a vector.</summary>
    public int Dimension { get; }

    /// <summary>Of the topics and the vectors.</summary>
    public int Seed { get; }

    /// <summary>Topics.</summary>
    public int Topics => _topics.Length;

    /// <summary>The id of an item.</summary>
    public static string IdOf(int item) => string.Create(CultureInfo.InvariantCulture, $"f{item}");

    /// <summary>The id of an item that the model does not have.</summary>
    public string NewIdOf(long item) => string.Create(CultureInfo.InvariantCulture, $"{NewPrefix}{_run}-{item}");

    /// <summary>The id of a user of whom the daemon knows nothing.</summary>
    public string NewUserOf(string role, long number) => string.Create(CultureInfo.InvariantCulture, $"{role}{_run}-{number}");

    /// <summary>Whether an id is one of <see cref="NewIdOf"/>.</summary>
    public static bool IsNew(string id) => id.StartsWith(NewPrefix, StringComparison.Ordinal);

    /// <summary>An item of a topic.</summary>
    public int ItemOf(int topic, Random random) => (random.Next((Items - topic + Topics - 1) / Topics) * Topics) + topic;

    /// <summary>A topic in which new items come.</summary>
    public int BusyTopic(Random random) => 2 * random.Next((Topics + 1) / 2);

    /// <summary>A topic in which none come.</summary>
    public int QuietTopic(Random random) => (2 * random.Next(Topics / 2)) + 1;

    /// <summary>The vector of an item of the model.</summary>
    public float[] VectorOf(int item)
    {
        // Not HashCode, which another process seeds otherwise.
        var vector = Direction(new Random(unchecked((Seed * 31) + item)));
        var topic = _topics[item % Topics];
        for (var d = 0; d < Dimension; d++) vector[d] = (float)(topic[d] + (Spread * vector[d]));
        return vector;
    }

    /// <summary>The vectors as a word2vec file in its binary format, in pieces.</summary>
    public IEnumerable<byte[]> Word2vec()
    {
        const int itemsOfPiece = 1024;
        yield return Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Items} {Dimension}\n"));
        for (var first = 0; first < Items; first += itemsOfPiece)
        {
            using var piece = new MemoryStream();
            for (var item = first; item < Math.Min(first + itemsOfPiece, Items); item++) Write(item, piece);
            yield return piece.ToArray();
        }
    }

    private void Write(int item, MemoryStream piece)
    {
        piece.Write(Encoding.UTF8.GetBytes(IdOf(item) + " "));
        Span<byte> bytes = stackalloc byte[sizeof(float)];
        foreach (var value in VectorOf(item))
        {
            BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
            piece.Write(bytes);
        }
    }

    private float[] Direction(Random random)
    {
        var direction = new float[Dimension];
        var squares = 0.0;
        for (var d = 0; d < direction.Length; d++)
        {
            // Box and Muller: as likely in every direction.
            var value = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
            direction[d] = (float)value;
            squares += value * value;
        }

        var length = (float)Math.Sqrt(squares);
        for (var d = 0; d < direction.Length; d++) direction[d] /= length;
        return direction;
    }
}
