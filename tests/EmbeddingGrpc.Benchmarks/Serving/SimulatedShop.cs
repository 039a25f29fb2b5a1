using System.Globalization;
using System.Text;
using EmbeddingGrpc.EventLog;

namespace EmbeddingGrpc.Benchmarks.Serving;

/// <summary>Items in topics: what their vectors are, and what sessions go through them. The same for the same numbers.</summary>
internal sealed class SimulatedShop(int items, int dimension)
{
    private const int ItemsATopic = 200;
    private const int SessionLength = 10;
    private const double Spread = 0.6;

    public int Items => items;

    public int Dimension => dimension;

    public static string IdOf(int item) => string.Create(CultureInfo.InvariantCulture, $"i{item}");

    public static string UserOf(int session) => string.Create(CultureInfo.InvariantCulture, $"u{session}");

    public int DrawTopic(Random random) => random.Next(items / ItemsATopic);

    /// <summary>An item of a session: four of five from its topic, the topic's first ones most; the others from anywhere.</summary>
    public int Draw(Random random, int topic) =>
        random.Next(5) == 0 ? random.Next(items) : (topic * ItemsATopic) + (int)(ItemsATopic * Math.Pow(random.NextDouble(), 2));

    /// <summary>Sessions of as many users, in the order of time.</summary>
    public IEnumerable<Interaction> Sessions(int count)
    {
        var random = new Random(1);
        for (var session = 0; session < count; session++)
        {
            var topic = DrawTopic(random);
            for (var place = 0; place < SessionLength; place++)
                yield return new Interaction(UserOf(session), IdOf(Draw(random, topic)), InteractionType.Click, 1_700_000_000_000 + (session * 1000L) + place);
        }
    }

    /// <summary>A table of vectors in word2vec's binary format: around the same topics, other ones for another seed.</summary>
    public Stream Word2vec(int seed)
    {
        var topics = new Random(0);
        var directions = Enumerable.Range(0, (items / ItemsATopic) + 1).Select(_ => Gaussian(topics)).ToArray();
        var random = new Random(seed);
        var file = new MemoryStream();
        using (var writer = new BinaryWriter(file, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{items} {dimension}\n")));
            for (var item = 0; item < items; item++)
            {
                writer.Write(Encoding.UTF8.GetBytes(IdOf(item) + " "));
                var (topic, own) = (directions[item / ItemsATopic], Gaussian(random));
                for (var d = 0; d < dimension; d++) writer.Write((float)(topic[d] + (Spread * own[d])));
            }
        }

        file.Position = 0;
        return file;
    }

    /// <summary>A direction that every other is as likely as.</summary>
    public float[] Gaussian(Random random) =>
        [.. Enumerable.Range(0, dimension).Select(_ => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))];
}
