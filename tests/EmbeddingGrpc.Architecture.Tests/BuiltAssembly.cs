using Mono.Cecil;
using Mono.Cecil.Cil;

namespace EmbeddingGrpc.Architecture.Tests;

/// <summary>What the compiler wrote for a source project: it cannot disagree with what runs.</summary>
internal static class BuiltAssembly
{
    public static AssemblyDefinition Of(ProjectFile project) =>
        AssemblyDefinition.ReadAssembly(Path.Combine(AppContext.BaseDirectory, project.AssemblyName + ".dll"));

    public static IReadOnlySet<string> ReferencesOf(ProjectFile project)
    {
        using var assembly = Of(project);
        return assembly.MainModule.AssemblyReferences.Select(r => r.Name).ToHashSet();
    }

    /// <summary>Whether the compiler marked the module as holding unverifiable code, which it does for <c>/unsafe</c>.</summary>
    public static bool HoldsUnsafeCode(AssemblyDefinition assembly) =>
        assembly.MainModule.CustomAttributes.Any(a => a.AttributeType.FullName == "System.Security.UnverifiableCodeAttribute");

    /// <summary>All types, nested and compiler-made ones included.</summary>
    public static IEnumerable<TypeDefinition> TypesOf(AssemblyDefinition assembly) => assembly.MainModule.GetTypes();

    /// <summary>Methods that a method calls, constructors included.</summary>
    public static IEnumerable<MethodReference> CallsOf(MethodDefinition method) =>
        method.HasBody
            ? method.Body.Instructions
                .Where(i => i.OpCode.Code is Code.Call or Code.Callvirt or Code.Newobj or Code.Ldftn)
                .Select(i => i.Operand).OfType<MethodReference>()
            : [];

    /// <summary>The namespace that a type is written in; a nested type has its outermost one's.</summary>
    public static string NamespaceOf(TypeDefinition type)
    {
        while (type.DeclaringType is { } outer) type = outer;
        return type.Namespace;
    }
}
