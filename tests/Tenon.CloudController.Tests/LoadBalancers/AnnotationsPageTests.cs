using Tenon.CloudController.LoadBalancers;

namespace Tenon.CloudController.Tests.LoadBalancers;

/// <summary>The page of Services lists exactly the annotations that the code knows.</summary>
public sealed class AnnotationsPageTests
{
    [Fact]
    public void The_page_and_the_code_know_the_same_annotations()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "Tenon.slnx"))) directory = Path.GetDirectoryName(directory);
        string[] listed = [.. File.ReadLines(Path.Combine(directory.ShouldNotBeNull(), "docs", "services.md"))
            .Where(l => l.StartsWith("| `loadbalancer.openstack.org/", StringComparison.Ordinal) || l.StartsWith("| `service.beta.kubernetes.io/", StringComparison.Ordinal))
            .Select(l => l.Split('`')[1])];
        listed.ShouldBe([.. ServiceAnnotations.Known, ServiceAnnotations.Internal, ServiceAnnotations.SourceRanges], ignoreOrder: true);
    }
}
