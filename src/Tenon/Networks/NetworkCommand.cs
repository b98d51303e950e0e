using System.CommandLine;
using Tenon.CommandLine;

namespace Tenon.Networks;

/// <summary><c>tenon network</c>: pods on Neutron.</summary>
internal static class NetworkCommand
{
    public static Command Create() => new Command("network", "Pods on Neutron: the controller, and what it made of the cluster's networks and policies.")
    {
        NetworkControllerCommand.Create(),
        NetworkViews.List(),
        NetworkViews.Show(),
        PodViews.Routes(),
        PodViews.Policy(),
        NetworkViews.Can(),
    }.WithExamples("tenon network controller --cloud-config cloud.conf --kubeconfig ~/.kube/config", "tenon network can leonardo-0 leonardodb-0 --port 5432");
}
