namespace EmbeddingGrpc.Architecture.Tests;

/// <summary>
/// The rooms know each other in one direction only: the engine knows nothing of its users, the trainer and the index do not know
/// each other, and a client needs the protocol alone.
/// </summary>
public sealed class ReferenceDirectionTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["EmbeddingGrpc.Numerics"] = [],
        // Its checksums only: they are code for vector instructions, which is in Numerics.
        ["EmbeddingGrpc.EventLog"] = ["EmbeddingGrpc.Numerics"],
        ["EmbeddingGrpc.Protocol"] = [],
        ["EmbeddingGrpc.Training"] = ["EmbeddingGrpc.Numerics"],
        ["EmbeddingGrpc.Indexing"] = ["EmbeddingGrpc.Numerics"],
        ["EmbeddingGrpc.Client"] = ["EmbeddingGrpc.Protocol"],
        ["EmbeddingGrpc.Server"] =
            ["EmbeddingGrpc.Numerics", "EmbeddingGrpc.EventLog", "EmbeddingGrpc.Training", "EmbeddingGrpc.Indexing", "EmbeddingGrpc.Protocol"],
        // The demo hosts the daemon in-process; offline commands use the engine rooms.
        ["EmbeddingGrpc.Cli"] =
        [
            "EmbeddingGrpc.Client", "EmbeddingGrpc.Protocol", "EmbeddingGrpc.Server",
            "EmbeddingGrpc.Numerics", "EmbeddingGrpc.EventLog", "EmbeddingGrpc.Training", "EmbeddingGrpc.Indexing",
        ],
    };

    public static TheoryData<string> Rooms => [.. Allowed.Keys];

    [Fact]
    public void SourceFolder_Projects_AreExactlyTheRooms() =>
        Assert.Equal(Allowed.Keys.Order(), Repository.SourceProjects.Select(p => p.Name).Order());

    [Theory]
    [MemberData(nameof(Rooms))]
    public void ProjectFile_References_OnlyAllowedRooms(string room) =>
        Assert.Empty(Project(room).ProjectReferences.Except(Allowed[room]));

    [Theory]
    [MemberData(nameof(Rooms))]
    public void BuiltAssembly_References_OnlyAllowedRooms(string room)
    {
        var rooms = Repository.SourceProjects.ToDictionary(p => p.AssemblyName, p => p.Name);
        var referenced = BuiltAssembly.ReferencesOf(Project(room)).Where(rooms.ContainsKey).Select(name => rooms[name]);
        Assert.Empty(referenced.Except(Allowed[room]));
    }

    [Fact]
    public void AllowedReferences_FollowedThrough_NeverReturn()
    {
        foreach (var room in Allowed.Keys) Assert.DoesNotContain(room, ReachableFrom(room));
    }

    private static HashSet<string> ReachableFrom(string room)
    {
        var reached = new HashSet<string>();
        var open = new Queue<string>(Allowed[room]);
        while (open.TryDequeue(out var next))
        {
            if (!reached.Add(next)) continue;
            foreach (var further in Allowed[next]) open.Enqueue(further);
        }

        return reached;
    }

    private static ProjectFile Project(string name) => Repository.SourceProjects.Single(p => p.Name == name);
}
