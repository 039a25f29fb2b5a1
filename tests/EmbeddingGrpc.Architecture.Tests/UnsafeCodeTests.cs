using Mono.Cecil;

namespace EmbeddingGrpc.Architecture.Tests;

/// <summary>Unsafe code lives in two rooms, and no pointer leaves them: what is public speaks spans.</summary>
public sealed class UnsafeCodeTests
{
    private static readonly string[] UnsafeRooms = ["EmbeddingGrpc.Numerics", "EmbeddingGrpc.Indexing"];

    [Fact]
    public void ProjectFiles_AllowingUnsafeBlocks_AreOnlyNumericsAndIndexing() =>
        Assert.Empty(Repository.SourceProjects.Where(p => p.AllowsUnsafeBlocks).Select(p => p.Name).Except(UnsafeRooms));

    [Fact]
    public void BuiltAssemblies_HoldingUnsafeCode_AreOnlyNumericsAndIndexing()
    {
        foreach (var project in Repository.SourceProjects.Where(p => !UnsafeRooms.Contains(p.Name)))
        {
            using var assembly = BuiltAssembly.Of(project);
            Assert.False(BuiltAssembly.HoldsUnsafeCode(assembly), $"{project} was compiled with unsafe code allowed");
        }
    }

    [Fact]
    public void BuiltAssembly_OfNumerics_IsMarkedUnsafe()
    {
        // Keeps the test above honest: the mark that it looks for is the one the compiler sets.
        using var assembly = BuiltAssembly.Of(Repository.SourceProjects.Single(p => p.Name == "EmbeddingGrpc.Numerics"));
        Assert.True(BuiltAssembly.HoldsUnsafeCode(assembly));
    }

    [Fact]
    public void PublicMembers_OfUnsafeRooms_SpeakNoPointers()
    {
        foreach (var project in Repository.SourceProjects.Where(p => UnsafeRooms.Contains(p.Name)))
        {
            using var assembly = BuiltAssembly.Of(project);
            var leaks =
                from type in BuiltAssembly.TypesOf(assembly)
                where IsVisible(type)
                from member in SignaturesOf(type)
                where member.Types.Any(t => t.IsPointer || t.IsFunctionPointer)
                select $"{type.FullName}.{member.Name}";
            Assert.Empty(leaks);
        }
    }

    private static bool IsVisible(TypeDefinition type) =>
        type.IsNested ? (type.IsNestedPublic || type.IsNestedFamily) && IsVisible(type.DeclaringType) : type.IsPublic;

    private static IEnumerable<(string Name, IEnumerable<TypeReference> Types)> SignaturesOf(TypeDefinition type)
    {
        foreach (var method in type.Methods.Where(m => m.IsPublic || m.IsFamily))
            yield return (method.Name, method.Parameters.Select(p => p.ParameterType).Append(method.ReturnType));
        foreach (var field in type.Fields.Where(f => f.IsPublic || f.IsFamily))
            yield return (field.Name, [field.FieldType]);
    }
}
