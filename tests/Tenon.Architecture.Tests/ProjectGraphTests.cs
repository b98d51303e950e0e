using System.Xml.Linq;

namespace Tenon.Architecture.Tests;

/// <summary>The project graph is the design: components meet in libraries below both, the sandbox meets controllers only on the wire.</summary>
public sealed class ProjectGraphTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Tenon.Core"] = [],
        ["Tenon.OpenStack"] = ["Tenon.Core"],
        ["Tenon.Kubernetes"] = ["Tenon.Core"],
        ["Tenon.LoadBalancing"] = ["Tenon.Core", "Tenon.OpenStack", "Tenon.Kubernetes"],
        ["Tenon.CloudController"] = ["Tenon.Core", "Tenon.OpenStack", "Tenon.Kubernetes", "Tenon.LoadBalancing"],
        ["Tenon.Network.Contracts"] = ["Tenon.Core", "Tenon.Kubernetes"],
        ["Tenon.Network"] = ["Tenon.Core", "Tenon.OpenStack", "Tenon.Kubernetes", "Tenon.LoadBalancing", "Tenon.Network.Contracts"],
        ["Tenon.Node"] = ["Tenon.Core", "Tenon.Kubernetes", "Tenon.Network.Contracts"],
        ["Tenon.Cni"] = [],
        ["Tenon.Sandbox"] = ["Tenon.Core"],
    };

    private static string Root
    {
        get
        {
            DirectoryInfo? folder = new(AppContext.BaseDirectory);
            while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Tenon.slnx"))) folder = folder.Parent;
            return folder?.FullName ?? throw new InvalidOperationException("Tenon.slnx was not found above the test's folder.");
        }
    }

    private static IEnumerable<(string Name, string[] References)> Projects(string folder)
        => Directory.EnumerateFiles(Path.Combine(Root, folder), "*.csproj", SearchOption.AllDirectories).Select(path => (
            Path.GetFileNameWithoutExtension(path),
            XDocument.Load(path).Descendants("ProjectReference")
                .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/'))).ToArray()));

    [Fact]
    public void Every_library_references_only_what_the_design_allows()
    {
        foreach ((string name, string[] references) in Projects("src"))
        {
            if (name == "Tenon") continue; // the command line composes the rest
            Allowed.ShouldContainKey(name, $"{name} is not in the design's table");
            references.Except(Allowed[name]).ShouldBeEmpty($"{name} may not use these");
        }
    }

    [Fact]
    public void Only_the_command_line_and_tests_reference_the_sandbox()
        => Projects("src").Where(p => p.References.Contains("Tenon.Sandbox")).Select(p => p.Name).ShouldBe(["Tenon"]);

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        string[] listed = [.. XDocument.Load(Path.Combine(Root, "Tenon.slnx")).Descendants("Project").Select(p => p.Attribute("Path")!.Value)];
        string[] present = [.. new[] { "src", "tests", "benchmarks" }
            .SelectMany(f => Directory.EnumerateFiles(Path.Combine(Root, f), "*.csproj", SearchOption.AllDirectories))
            .Select(p => Path.GetRelativePath(Root, p))];
        listed.Order(StringComparer.Ordinal).ShouldBe(present.Order(StringComparer.Ordinal));
    }
}
