using System.Globalization;

namespace EmbeddingGrpc.Cli.Simulation;

/// <summary>Names by which a person sees at once whether two things belong together.</summary>
internal static class TopicNames
{
    private static readonly string[] Names =
    [
        "espresso", "hiking", "jazz", "chess", "surfing", "ceramics", "astronomy", "cycling", "baking", "sailing",
        "gardening", "climbing", "anime", "opera", "knitting", "tennis", "camping", "poetry", "robotics", "sushi",
        "vinyl", "yoga", "fishing", "origami", "skiing", "theatre", "geology", "birding", "cheese", "boxing",
        "piano", "comics", "diving", "archery", "perfume", "karate", "maps", "tea", "trains", "whisky",
    ];

    /// <summary>The name of a topic; unique also where there are more topics than names.</summary>
    public static string Of(int topic) =>
        Names[topic % Names.Length] + (topic < Names.Length ? "" : (topic / Names.Length + 1).ToString(CultureInfo.InvariantCulture));
}
