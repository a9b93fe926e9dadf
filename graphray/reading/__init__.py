"""What partitions are asked, and how: mapped arrays first, requests for the rest."""
