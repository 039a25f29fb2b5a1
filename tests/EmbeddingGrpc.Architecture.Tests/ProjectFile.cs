using System.Xml.Linq;

namespace EmbeddingGrpc.Architecture.Tests;

/// <summary>What a .csproj declares.</summary>
internal sealed class ProjectFile(string path)
{
    private readonly XDocument _document = XDocument.Load(path);

    /// <summary>File name without extension, such as <c>EmbeddingGrpc.Server</c>.</summary>
    public string Name { get; } = Path.GetFileNameWithoutExtension(path);

    public string Folder { get; } = Path.GetDirectoryName(path)!;

    /// <summary>Name of the assembly that it builds.</summary>
    public string AssemblyName => Properties("AssemblyName").SingleOrDefault() ?? Name;

    public bool AllowsUnsafeBlocks => Properties("AllowUnsafeBlocks").Any(value => bool.Parse(value));

    public IReadOnlySet<string> ProjectReferences =>
        Includes("ProjectReference").Select(include => Path.GetFileNameWithoutExtension(include)!).ToHashSet();

    public IReadOnlySet<string> PackageReferences => Includes("PackageReference").ToHashSet();

    public IReadOnlySet<string> FrameworkReferences => Includes("FrameworkReference").ToHashSet();

    /// <summary>Its name where a failing test should say which project it was.</summary>
    public override string ToString() => Name;

    private IEnumerable<string> Properties(string name) => _document.Descendants(name).Select(e => e.Value);

    private IEnumerable<string> Includes(string item) => _document.Descendants(item).Select(e => e.Attribute("Include")!.Value);
}
