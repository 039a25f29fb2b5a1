using System.Text.RegularExpressions;

namespace EmbeddingGrpc.Architecture.Tests;

/// <summary>A file is one idea and carries its name; folders are features.</summary>
public sealed partial class SourceLayoutTests
{
    private static readonly string[] NamesThatSayNothing = ["Helpers", "Helper", "Utils", "Util", "Utilities", "Common", "Managers", "Manager", "Misc"];

    public static TheoryData<string> Rooms => [.. Repository.SourceProjects.Select(p => p.Name)];

    [Theory]
    [MemberData(nameof(Rooms))]
    public void SourceFile_HasAtMostOnePublicType_NamedLikeIt(string room)
    {
        foreach (var path in SourceFiles(room))
        {
            var types = PublicType().Matches(File.ReadAllText(path)).Select(m => m.Groups["name"].Value).Distinct().ToList();
            if (types.Count == 0) continue;
            // A part of a partial type says which part it is after a dot.
            Assert.Equal([Path.GetFileName(path).Split('.')[0]], types);
        }
    }

    [Theory]
    [MemberData(nameof(Rooms))]
    public void SourceFile_Namespace_IsItsFolderOrItsRoom(string room)
    {
        foreach (var path in SourceFiles(room))
        {
            var declared = FileScopedNamespace().Match(File.ReadAllText(path));
            if (!declared.Success) continue;
            var folder = Path.GetRelativePath(Project(room).Folder, Path.GetDirectoryName(path)!);
            var expected = folder == "." ? room : $"{room}.{folder.Replace(Path.DirectorySeparatorChar, '.')}";
            // An engine room may show one face and sort its files behind it.
            var name = declared.Groups["name"].Value;
            Assert.True(name == expected || name == room, $"{path} is in {name}, neither in {expected} nor in {room}");
        }
    }

    [Theory]
    [MemberData(nameof(Rooms))]
    public void SourceFile_Name_SaysWhatItHolds(string room)
    {
        foreach (var path in SourceFiles(room))
        {
            var relative = Path.GetRelativePath(Project(room).Folder, path);
            Assert.DoesNotContain(Path.ChangeExtension(relative, null).Split(Path.DirectorySeparatorChar), part => NamesThatSayNothing.Contains(part));
        }
    }

    private static IEnumerable<string> SourceFiles(string room) => Repository.SourceFilesOf(Project(room));

    private static ProjectFile Project(string name) => Repository.SourceProjects.Single(p => p.Name == name);

    // Types of a file-scoped namespace begin at the first column; nested ones are indented.
    [GeneratedRegex(@"^public (?:(?:static|sealed|abstract|readonly|ref|partial|unsafe) )*(?:class|record struct|record class|record|struct|interface|enum|delegate [\w<>?]+) (?<name>\w+)", RegexOptions.Multiline)]
    private static partial Regex PublicType();

    [GeneratedRegex(@"^namespace (?<name>[\w.]+);", RegexOptions.Multiline)]
    private static partial Regex FileScopedNamespace();
}
