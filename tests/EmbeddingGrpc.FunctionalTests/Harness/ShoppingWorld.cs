using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.FunctionalTests.Harness;

/// <summary>
/// A small world with a taste that can be checked: every user shops in one department, so an item's neighbours are of its own. The same
/// every time.
/// </summary>
internal static class ShoppingWorld
{
    public static readonly string[] Departments = ["books", "games", "tools"];
    public const int ItemsPerDepartment = 15;
    public const int UsersPerDepartment = 40;
    public const int EventsPerUser = 20;

    private const long Start = 1_600_000_000_000;

    /// <summary>Training options that suit a world of this size: seconds become tenths.</summary>
    public static readonly string[] Settings =
    [
        "--EmbeddingGrpc:Model:Training:Dimension=16",
        "--EmbeddingGrpc:Model:Training:Epochs=10",
        "--EmbeddingGrpc:Model:Training:Threads=1",
        "--EmbeddingGrpc:Model:Index:BuildThreads=1",
    ];

    /// <summary>All interactions, numbered from 1, in the order in which they are sent.</summary>
    public static IReadOnlyList<Interaction> Interactions { get; } = [.. Make()];

    public static string Item(string department, int number) => $"{department}-{number}";

    public static string User(string department, int number) => $"{department}-fan-{number}";

    private static IEnumerable<Interaction> Make()
    {
        var random = new Random(7);
        ulong number = 0;
        for (var round = 0; round < EventsPerUser; round++)
        {
            foreach (var department in Departments)
            {
                for (var user = 0; user < UsersPerDepartment; user++)
                {
                    yield return new Interaction
                    {
                        Number = ++number,
                        UserId = User(department, user),
                        ItemId = Item(department, random.Next(ItemsPerDepartment)),
                        Type = InteractionType.View,
                        EventTimeMs = Start + ((long)number * 1000),
                    };
                }
            }
        }
    }
}
