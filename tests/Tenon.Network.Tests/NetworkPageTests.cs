using System.Reflection;
using Tenon.Network.Contracts;
using Tenon.Network.Ports;

namespace Tenon.Network.Tests;

/// <summary>The page names what the code knows.</summary>
public sealed class NetworkPageTests
{
    private static string Page
    {
        get
        {
            string? directory = AppContext.BaseDirectory;
            while (directory is not null && !File.Exists(Path.Combine(directory, "Tenon.slnx"))) directory = Path.GetDirectoryName(directory);
            return File.ReadAllText(Path.Combine(directory.ShouldNotBeNull(), "docs", "network.md"));
        }
    }

    [Fact]
    public void Every_annotation_and_label_is_on_the_page()
    {
        string[] rows = [.. Page.Split('\n').Where(l => l.StartsWith("| `", StringComparison.Ordinal)).Select(l => l.Split('`')[1])];
        rows.ShouldBe(
            [NetworkNames.NetworkAnnotation, NetworkNames.UsesLabel, NetworkNames.UsesAnnotation, NetworkNames.UsableByAnnotation, NetworkNames.BindingAnnotation], ignoreOrder: true);
        typeof(NetworkNames).GetFields(BindingFlags.Public | BindingFlags.Static).Count(f => f.Name.EndsWith("Annotation", StringComparison.Ordinal)).ShouldBe(rows.Length - 1);
    }

    [Fact]
    public void Defaults_on_the_page_are_the_codes()
    {
        var options = new NetworkOptions();
        string page = string.Join(' ', Page.Split('\n'));
        page.ShouldContain($"the pod's label `{options.LabelKey}`");
        page.ShouldContain($"the cluster's default, `{options.DefaultNetwork}`");
        page.ShouldContain($"up to {PortPlanner.PortsPerCall} ports");
        page.ShouldContain($"`{options.ServiceNetwork}`");
        options.GatherAtMost.ShouldBe(TimeSpan.FromSeconds(5), "the page says so");
    }
}
